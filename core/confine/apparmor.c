#include "core/confine/apparmor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/process.h"
#include "core/confine/apparmor_profile.h"

#define POLICY "/sys/kernel/security/apparmor/"

static const char *apparmor_compiler(void)
{
    static const char *const places[] = {"/usr/sbin/apparmor_parser", "/sbin/apparmor_parser",
                                         "/usr/local/sbin/apparmor_parser", "/usr/bin/apparmor_parser"};

    for (size_t i = 0; i < ARRAY_LENGTH(places); i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

int apparmor_check(struct error *err)
{
    static const char instead[] = "or set it to a loaded profile, or to \"unconfined\"";

    if (!apparmor_compiler()) {
        error_text(
            err, ENOENT,
            "lxc.apparmor.profile = generated requires apparmor_parser, which is not installed: the kernel "
            "only loads compiled policy");
        return error_remedy(err, "install AppArmor's tools (package apparmor), %s", instead);
    }
    if (geteuid() != 0) {
        error_text(err, EPERM, "lxc.apparmor.profile = generated requires root, who can load policy");
        return error_remedy(err, "start it as root, %s", instead);
    }
    return 0;
}

/*
 * Policy namespaces were introduced with stacking. In a container that is stacked itself, profiles are loaded
 * next to ours.
 */
static bool apparmor_has_namespaces(void)
{
    cleanup_free char *stack = NULL, *stacked = NULL;

    return file_read(AT_FDCWD, POLICY "features/domain/stack", 16, &stack, NULL) == 0 &&
           starts_with(stack, "yes") && file_read(AT_FDCWD, POLICY ".ns_stacked", 16, &stacked, NULL) == 0 &&
           !starts_with(stacked, "yes");
}

static int apparmor_set_names(struct apparmor *a, const struct container *c)
{
    a->profile = apparmor_profile_name(c);
    if (!a->profile)
        return -ENOMEM;
    if (apparmor_has_namespaces()) {
        a->space = strdup(a->profile);
        if (!a->space)
            return -ENOMEM;
        apparmor_namespace_name(a->space);
    }
    a->label = a->space ? format_string("%s//&:%s:", a->profile, a->space) : strdup(a->profile);
    return a->label ? 0 : -ENOMEM;
}

static int apparmor_make_namespace(const struct apparmor *a)
{
    cleanup_free char *path =
        a->space ? format_string(POLICY "policy/namespaces/%s", a->space) : strdup(POLICY);

    if (!path)
        return -ENOMEM;
    return !a->space || mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : -errno;
}

/* The text is the standard input of the compiler; its output is kept for the error message. */
static int apparmor_compile(const struct strbuf *text, struct error *err)
{
    static const char what[] = "apparmor_parser cannot load the generated profile";
    cleanup_fd int in = memfd_create("profile", MFD_CLOEXEC), out = memfd_create("errors", MFD_CLOEXEC);
    char *const argv[] = {(char *)apparmor_compiler(), (char *)"-rKq", NULL};
    struct process_program program = {.argv = argv, .streams = {in, out, out}};
    char printed[400] = "";
    int r = in < 0 || out < 0 ? -errno : write_all(in, text->text, text->length);

    if (r < 0 || !argv[0] || lseek(in, 0, SEEK_SET) < 0)
        return error_set(err, r < 0 ? r : argv[0] ? errno : ENOENT, "%s", what);
    r = process_run(process_execute, &program, err);
    if (r <= 0)
        return r < 0 ? error_context(err, "%s", what) : 0;
    if (lseek(out, 0, SEEK_SET) < 0 || read_all(out, printed, sizeof(printed) - 1) < 0)
        printed[0] = '\0';
    printed[strcspn(printed, "\n")] = '\0';
    if (!printed[0])
        snprintf(printed, sizeof(printed), "it exited with status %d", r);
    error_text(err, EINVAL, "%s: %s", what, printed);
    return error_remedy(err, "check lxc.apparmor.raw, whose lines are at the end of the profile");
}

int apparmor_load(struct apparmor *a, const struct container *c, const struct config *config,
                  struct error *err)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    int r = apparmor_set_names(a, c);

    if (r == 0)
        r = apparmor_make_namespace(a);
    if (r == 0)
        r = apparmor_profile_text(&text, a->profile, a->space, config);
    if (r < 0)
        return error_set(err, r, "cannot make an AppArmor profile");
    return apparmor_compile(&text, err);
}

int apparmor_unload(struct apparmor *a, struct error *err)
{
    cleanup_free char *path = a->space ? format_string(POLICY "policy/namespaces/%s", a->space) : NULL;
    int r = a->profile ? file_write_value(AT_FDCWD, POLICY ".remove", a->profile) : 0;

    if (r == 0 || r == -ENOENT)
        r = path && rmdir(path) < 0 && errno != ENOENT ? -errno : 0;
    if (r < 0)
        error_set(err, r, "cannot remove the AppArmor profile %s", a->profile);
    free(a->profile);
    free(a->space);
    free(a->label);
    *a = (struct apparmor){0};
    return r;
}
