/* lxcbox: run the applet named by argv[0] or by the first argument. See lxcbox.1. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/lxcbox/service.h"
#include "applets/cli/applet.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/config/suggest.h"
#include "core/confine/sealed.h"

#ifndef LXCBOX_VERSION
#error "the Makefile defines LXCBOX_VERSION"
#endif

static const struct applet *find_applet(const char *name)
{
    for (const struct applet *const *a = __start_applets; a < __stop_applets; a++)
        if (strcmp((*a)->name, name) == 0)
            return *a;
    return NULL;
}

static int applet_unknown(const char *name, struct error *err)
{
    struct nearest n = {.name = name};

    for (const struct applet *const *a = __start_applets; a < __stop_applets; a++)
        nearest_offer(&n, (*a)->name);
    error_text(err, ENOENT, "there is no applet \"%s\"", name);
    return n.best ? error_remedy(err, "did you mean %s?", n.best)
                  : error_remedy(err, "lxcbox --list prints the applets");
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Returns -1, which check_output() takes as a failure. */
static int print_error(const char *name, const struct error *err)
{
    char line[sizeof(struct error)];

    fprintf(stderr, "%s: %s\n", name, error_format(err, line, sizeof(line)));
    return -1;
}

static int print_help(const struct applet *applet)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;

    if (strbuf_printf(&text, "Usage: %s %s\n%s.\n\n", applet->name, applet->usage, applet->summary) < 0 ||
        options_help(applet->options, &text) < 0 ||
        strbuf_printf(&text, "  %-30s %s\n  %-30s %s\n", "    --help", "print this help", "    --version",
                      "print the version") < 0)
        return -1;
    fputs(strbuf_text(&text), stdout);
    return 0;
}

/* The arguments are those before options_parse(), which reorders them. */
static int seal_applet(const struct applet *applet, const void *options, char **arguments, struct error *err)
{
    return applet->sealed && (!applet->enters || applet->enters(options)) ? sealed_reexec(arguments, err) : 0;
}

/* Returns the exit status, or -1 after reporting a failure. */
static int run_applet(const struct applet *applet, int argc, char **argv)
{
    cleanup_free void *options = calloc(1, applet->options_size + 1);
    cleanup_free char **arguments = calloc((size_t)argc + 1, sizeof(*argv));
    struct invocation in = {.applet = applet->name,
                            .usage = applet->usage,
                            .operands_max = applet->operands_max,
                            .options = options,
                            .argv = argv + 1};
    struct error err = ERROR_INIT;
    bool help = false, version = false;
    int r;

    if (!options || !arguments) {
        error_set(&err, ENOMEM, "cannot start");
        return print_error(applet->name, &err);
    }
    memcpy(arguments, argv, (size_t)argc * sizeof(*argv));
    r = -EINVAL;
    if (!applet->unparsed || argc == 2)
        r = options_parse(applet->options, applet->stop_at_operand, options, argc, argv, &in.argc, &help,
                          &version, &err);
    if (applet->unparsed && r < 0) {
        error_clear(&err);
        in.argc = argc - 1;
        r = 0;
    }
    if (r == 0 && help)
        return print_help(applet);
    if (r == 0 && version) {
        puts(starts_with(applet->name, "lxc-") ? LXC_VERSION : LXCBOX_VERSION);
        return 0;
    }
    if (r == 0)
        r = seal_applet(applet, options, arguments, &err);
    if (r == 0)
        r = applet->run(&in, &err);
    options_free(applet->options, options);
    return r < 0 ? print_error(applet->name, &err) : r;
}

/*
 * Write errors may appear only here: a full disk fails when the buffer is flushed, a network file system when
 * the file is closed. `status` is the applet's exit status, or negative after a failure that has been
 * reported.
 */
static int check_output(const struct applet *applet, int status)
{
    struct error err = ERROR_INIT;

    if (status < 0)
        return 1;
    if (ferror(stdout)) /* set by an earlier write, whose errno is lost */
        error_text(&err, EIO, "cannot write to standard output");
    else if (fflush(stdout) != 0 || (close(STDOUT_FILENO) < 0 && errno != EBADF))
        error_set(&err, errno, "cannot write to standard output");
    else
        return status;
    print_error(applet->name, &err);
    return 1;
}

struct lxcbox_options {
    bool list;
    bool symbolic;
    bool install;
    const char *options;
    const char *completion;
    const char *service;
};

static const struct option_row lxcbox_table[] = {
    OPT_FLAG(0, "list", struct lxcbox_options, list, "list the applets, one per line"),
    OPT_FLAG(0, "install", struct lxcbox_options, install, "link every applet's name into DIR"),
    OPT_FLAG('s', NULL, struct lxcbox_options, symbolic,
             "with --install: symbolic links instead of hard links"),
    OPT_STRING(0, "options", "APPLET", struct lxcbox_options, options,
               "list an applet's options, one per line"),
    OPT_STRING(0, "completion", "SHELL", struct lxcbox_options, completion,
               "print the completion script for SHELL (bash)"),
    OPT_STRING(0, "service", "INIT", struct lxcbox_options, service,
               "print a service file for the boot: systemd, openrc, procd or sysv"),
    OPT_END,
};

static int install_links(const char *dir, bool symbolic, struct error *err)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    bool missing = access(dir, F_OK) < 0;

    if (n < 0)
        return error_set(err, errno, "cannot find this executable at /proc/self/exe");
    self[n] = '\0';
    n = make_directories(dir, 0755);
    if (n < 0)
        return error_set(err, (int)n, "cannot make the directory %s", dir);
    /* The name may be misspelt: report the new directory. */
    if (missing)
        printf("made the directory %s\n", dir);
    /* Beside the executable, its name alone is enough, also when the directory is moved (DESTDIR). */
    cleanup_free char *there = realpath(dir, NULL);
    const char *target = self, *base = base_name(self);
    if (there && symbolic && strlen(there) == (size_t)(base - self) - 1 && starts_with(self, there))
        target = base;
    for (const struct applet *const *a = __start_applets; a < __stop_applets; a++) {
        cleanup_free char *path = format_string("%s/%s", dir, (*a)->name);

        if (!path)
            return error_set(err, ENOMEM, "cannot link %s", (*a)->name);
        if (strcmp((*a)->name, "lxcbox") == 0 || (*a)->unlinked)
            continue;
        if ((unlink(path) < 0 && errno != ENOENT) ||
            (symbolic ? symlink(target, path) : link(self, path)) < 0) {
            error_set(err, errno, "cannot link %s to %s", path, self);
            return errno == EXDEV ? error_remedy(err, "add -s for symbolic links") : err->code;
        }
    }
    return 0;
}

static int print_options(const char *name, struct error *err)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    const struct applet *applet = find_applet(name);

    if (!applet)
        return applet_unknown(name, err);
    if (options_list(applet->options, &text) < 0)
        return error_set(err, ENOMEM, "cannot list the options of %s", applet->name);
    fputs(strbuf_text(&text), stdout);
    return 0;
}

/*
 * The script runs lxcbox to list options when it needs them, so that completion and parser use one table. The
 * metavariable of an option selects how its value is completed.
 */
static const char bash_completion[] =
    "_lxcbox()\n"
    "{\n"
    "    local box=lxcbox applet=${1##*/} cur=$2 prev=$3 path=() line kind i\n"
    "    COMPREPLY=()\n"
    "    if [ \"$applet\" = lxcbox ]; then\n"
    "        box=$1\n"
    "        if [ \"$COMP_CWORD\" -eq 1 ] && [[ $cur != -* ]]; then\n"
    "            COMPREPLY=($(compgen -W \"$(\"$box\" --list 2> /dev/null)\" -- \"$cur\"))\n"
    "            return\n"
    "        fi\n"
    "        [[ ${COMP_WORDS[1]} == -* ]] || applet=${COMP_WORDS[1]}\n"
    "    fi\n"
    "    [ \"$cur\" = = ] && cur=\n"
    "    [ \"$prev\" = = ] && prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        case ${COMP_WORDS[i]} in\n"
    "        -P | --lxcpath)\n"
    "            [ \"${COMP_WORDS[i + 1]}\" = = ] && ((i++))\n"
    "            ((i + 1 < COMP_CWORD)) && path=(-P \"${COMP_WORDS[i + 1]}\") ;;\n"
    "        --) [[ $applet == lxc-* ]] && { COMPREPLY=($(compgen -f -- \"$cur\")); return; } ;;\n"
    "        esac\n"
    "    done\n"
    "    if [[ $cur == -* ]]; then\n"
    "        COMPREPLY=($(compgen -W \"$(\"$box\" --options \"$applet\" 2> /dev/null | cut -d ' ' -f 1)\" -- "
    "\"$cur\"))\n"
    "        return\n"
    "    fi\n"
    "    [[ $applet == lxc-* ]] && kind=NAME\n"
    "    while read -r line; do\n"
    "        [[ $line == \"$prev \"* ]] && kind=${line#* }\n"
    "    done < <(\"$box\" --options \"$applet\" 2> /dev/null)\n"
    "    case $kind in\n"
    "    NAME)\n"
    "        while IFS= read -r line; do\n"
    "            [[ $line == \"$cur\"* ]] && COMPREPLY+=(\"$(printf %q \"$line\")\")\n"
    "        done < <(\"$box\" lxc-ls -1 \"${path[@]}\" 2> /dev/null) ;;\n"
    "    DIR) COMPREPLY=($(compgen -d -- \"$cur\")) ;;\n"
    "    STATE*) COMPREPLY=($(compgen -W 'STOPPED STARTING RUNNING STOPPING ABORTING FREEZING FROZEN THAWED' "
    "-- "
    "\"$cur\")) ;;\n"
    "    APPLET) COMPREPLY=($(compgen -W \"$(\"$box\" --list 2> /dev/null)\" -- \"$cur\")) ;;\n"
    "    FILE | '') COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
    "    esac\n"
    "}\n";

static int print_completion(const char *shell, struct error *err)
{
    if (strcmp(shell, "bash") != 0) {
        error_text(err, EINVAL, "there is no completion script for shell \"%s\"", shell);
        return error_remedy(err, "the supported shell is bash");
    }
    printf("%scomplete -o filenames -F _lxcbox lxcbox", bash_completion);
    for (const struct applet *const *a = __start_applets; a < __stop_applets; a++)
        if (strncmp((*a)->name, "lxc-", 4) == 0)
            printf(" %s", (*a)->name);
    putchar('\n');
    return 0;
}

static int print_service(const char *init, struct error *err)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    int r;

    if (n < 0)
        return error_set(err, errno, "cannot find this executable at /proc/self/exe");
    self[n] = '\0';
    r = service_text(init, self, &text, err);
    if (r == 0)
        fputs(strbuf_text(&text), stdout);
    return r;
}

static int lxcbox_run(struct invocation *in, struct error *err)
{
    const struct lxcbox_options *o = in->options;

    in->operands_max = o->install                                             ? 1
                       : o->options || o->completion || o->service || o->list ? 0
                                                                              : OPERANDS_ANY;
    if (operands_check(in, err) < 0)
        return err->code;
    if (o->install && !in->argc) {
        error_text(err, EINVAL, "--install takes a directory");
        return error_remedy(err, "lxcbox --install [-s] DIR");
    }
    if (o->install)
        return install_links(in->argv[0], o->symbolic, err);
    if (o->options)
        return print_options(o->options, err);
    if (o->completion)
        return print_completion(o->completion, err);
    if (o->service)
        return print_service(o->service, err);
    if (o->list) {
        for (const struct applet *const *a = __start_applets; a < __stop_applets; a++)
            if (strcmp((*a)->name, "lxcbox") != 0)
                puts((*a)->name);
        return 0;
    }
    if (in->argc)
        return applet_unknown(in->argv[0], err);
    printf("lxcbox %s: Linux containers in one file.\n\n"
           "Usage: lxcbox APPLET [ARGUMENT]...\n"
           "   or: APPLET [ARGUMENT]...          (through a link with the applet's name)\n"
           "   or: lxcbox --list | --install [-s] DIR | --options APPLET\n"
           "   or: lxcbox --completion SHELL | --service INIT\n\n",
           LXCBOX_VERSION);
    for (const struct applet *const *a = __start_applets; a < __stop_applets; a++)
        if (strcmp((*a)->name, "lxcbox") != 0)
            printf("  %-18s %s\n", (*a)->name, (*a)->summary);
    return 0;
}

APPLET(lxcbox, .name = "lxcbox", .summary = "Linux containers in one file", .usage = "APPLET [ARGUMENT]...",
       .options = lxcbox_table, .options_size = sizeof(struct lxcbox_options), .stop_at_operand = true,
       .run = lxcbox_run);

int main(int argc, char **argv)
{
    const struct applet *applet = argc > 0 ? find_applet(base_name(argv[0])) : NULL;

    if (argc > 1 && (!applet || applet == &lxcbox_applet)) {
        const struct applet *first = find_applet(argv[1]);

        if (first)
            return check_output(first, run_applet(first, argc - 1, argv + 1));
    }
    if (!applet)
        applet = &lxcbox_applet;
    return check_output(applet, run_applet(applet, argc, argv));
}
