/* lxc-checkconfig: probe the kernel features for containers. See lxc-checkconfig.1. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/cli/applet.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/cgroup/layout.h"
#include "core/probe/probe.h"

struct lxc_checkconfig_options {
    bool quiet;
};

static const struct option_row lxc_checkconfig_table[] = {
    OPT_FLAG('q', "quiet", struct lxc_checkconfig_options, quiet, "print only missing features"),
    OPT_END,
};

static const char *const headings[PROBE_GROUPS] = {"Namespaces", "Control groups", "Network",
                                                   "Storage",    "Misc",           "Checkpoint/Restore"};

enum colour { GREEN, YELLOW, RED };

static void checkconfig_print_coloured(enum colour colour, const char *word)
{
    static const char *const codes[] = {"\033[1;32m", "\033[1;33m", "\033[1;31m"};

    if (isatty(STDOUT_FILENO))
        printf("%s%s\033[0;39m", codes[colour], word);
    else
        fputs(word, stdout);
}

static void print_mounts(const struct cgroup_mounts *mounts, bool unified)
{
    printf("Cgroup v%d mount points: \n", unified ? 2 : 1);
    for (size_t i = 0; i < mounts->count; i++)
        if (mounts->items[i].unified == unified && mounts->items[i].mount_point)
            printf(" - %s\n", mounts->items[i].mount_point);
}

/* Whether there is a hierarchy; a host without one can still mount v2. */
static bool check_cgroups(bool quiet)
{
    cleanup_cgroup_mounts struct cgroup_mounts mounts = {0};
    cleanup_free char *known = NULL;
    bool have;

    (void)cgroup_mounts_read(&mounts);
    have = mounts.count > 0 || (file_read(AT_FDCWD, "/proc/filesystems", 65536, &known, NULL) == 0 &&
                                strstr(known, "\tcgroup2\n"));
    if (quiet && have)
        return true;
    printf("Cgroups: ");
    checkconfig_print_coloured(have ? GREEN : RED, have ? "enabled" : "required");
    puts(have ? "" : " (no container starts)");
    if (!quiet) {
        print_mounts(&mounts, false);
        print_mounts(&mounts, true);
    }
    return have;
}

/* Programs that unprivileged containers require. */
static void checkconfig_program(const char *name)
{
    static const char *const directories[] = {"/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin", "/sbin"};

    for (size_t i = 0; i < ARRAY_LENGTH(directories); i++) {
        char path[64];
        struct stat st;

        snprintf(path, sizeof(path), "%s/%s", directories[i], name);
        if (stat(path, &st) < 0)
            continue;
        if (!(st.st_mode & S_ISUID))
            printf("Warning: %s is not setuid-root\n", name);
        return;
    }
    printf("%s is not installed\n", name);
}

static bool probe_report(const struct probe *p, bool quiet)
{
    bool can = probe_run(p);

    if (can && quiet)
        return true;
    printf("%s: ", p->label);
    checkconfig_print_coloured(can           ? GREEN
                               : p->required ? RED
                                             : YELLOW,
                               can           ? "enabled"
                               : p->required ? "required"
                                             : "missing");
    if (!can)
        printf(" (%s)", p->cost);
    putchar('\n');
    if (can && strcmp(p->label, "User namespace") == 0) {
        checkconfig_program("newuidmap");
        checkconfig_program("newgidmap");
    }
    return can;
}

static int lxc_checkconfig_run(struct invocation *in, struct error *err)
{
    const struct lxc_checkconfig_options *o = in->options;
    bool complete = true;

    if (geteuid() != 0) {
        error_text(err, EPERM, "cannot probe kernel features without root privileges");
        return error_remedy(err, "run it as root");
    }
    if (operands_check(in, err) < 0)
        return err->code;
    if (!o->quiet)
        puts("LXC version " LXC_VERSION " (lxcbox " LXCBOX_VERSION ")");
    for (int group = 0; group < PROBE_GROUPS; group++) {
        if (!o->quiet)
            printf("\n--- %s ---\n", headings[group]);
        if (group == PROBE_CGROUPS)
            complete = check_cgroups(o->quiet) && complete;
        /* Flush, so that a child does not print buffered output again. */
        for (size_t i = 0; i < probe_count; i++)
            if ((int)probes[i].group == group && fflush(stdout) == 0 && !probe_report(&probes[i], o->quiet) &&
                probes[i].required)
                complete = false;
    }
    return complete ? 0 : 1;
}

APPLET(lxc_checkconfig, .name = "lxc-checkconfig", .summary = "Check the kernel features for containers",
       .usage = "[-q]", .options = lxc_checkconfig_table,
       .options_size = sizeof(struct lxc_checkconfig_options), .run = lxc_checkconfig_run);
