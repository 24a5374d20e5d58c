/* lxc-attach: run a command, or a shell, in a running container. See lxc-attach.1. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/base/cleanup.h"
#include "core/command/command_client.h"
#include "core/config/config.h"
#include "core/config/namespaces.h"
#include "core/run/attach.h"
#include "core/run/freeze.h"
#include "core/config/architecture.h"

struct lxc_attach_options {
    struct container_options container;
    const char *elevated, *namespaces, *arch, *pty_log, *uid, *gid, *context;
    bool remount, clear_env, keep_env;
    struct string_list keep_var, set_var;
};

static const struct option_row lxc_attach_table[] = {
    OPT_OPTIONAL('e', "elevated-privileges", "CGROUP|CAP|LSM", struct lxc_attach_options, elevated,
                 "keep the caller's cgroups, capabilities, security context (all three)"),
    OPT_STRING('s', "namespaces", "KIND[|KIND]...", struct lxc_attach_options, namespaces,
               "enter only these: MOUNT, PID, UTSNAME, IPC, USER, NETWORK, CGROUP; implies -e"),
    OPT_FLAG('R', "remount-sys-proc", struct lxc_attach_options, remount,
             "with -s without MOUNT: mount /proc and /sys of the entered namespaces"),
    OPT_STRING('a', "arch", "ARCH", struct lxc_attach_options, arch,
               "the architecture that the command sees (the container's)"),
    OPT_FLAG(0, "clear-env", struct lxc_attach_options, clear_env, "do not pass the environment on"),
    OPT_FLAG(0, "keep-env", struct lxc_attach_options, keep_env, "pass the environment on (the default)"),
    OPT_LIST(0, "keep-var", "NAME", struct lxc_attach_options, keep_var,
             "with --clear-env: pass this variable on"),
    OPT_LIST('v', "set-var", "NAME=VALUE", struct lxc_attach_options, set_var, "set a variable"),
    OPT_STRING('L', "pty-log", "FILE", struct lxc_attach_options, pty_log,
               "append the terminal output of the command to FILE"),
    OPT_STRING('u', "uid", "UID", struct lxc_attach_options, uid, "run as this user of the container"),
    OPT_STRING('g', "gid", "GID", struct lxc_attach_options, gid, "run as this group of the container"),
    OPT_STRING('c', "context", "CONTEXT", struct lxc_attach_options, context,
               "the security context of the command"),
    OPT_STRING('f', "rcfile", "FILE", struct lxc_attach_options, container.rcfile,
               "also use lxc.arch and lxc.environment of this configuration"),
    OPT_GROUP(container_options_table, struct lxc_attach_options, container),
    OPT_REST("the command"),
    OPT_END,
};

enum { ELEVATE_CGROUP = 1, ELEVATE_CAP = 2, ELEVATE_LSM = 4, ELEVATE_ALL = 7 };

/* The value of a word of -e; 0: unknown. */
static uint64_t privilege_option_flag(const char *word)
{
    return strcmp(word, "CGROUP") == 0 ? ELEVATE_CGROUP
           : strcmp(word, "CAP") == 0  ? ELEVATE_CAP
           : strcmp(word, "LSM") == 0  ? ELEVATE_LSM
                                       : 0;
}

/* "WORD|WORD", or'ed. */
static int option_read_words(const char *option, const char *text, uint64_t (*find)(const char *word),
                             uint64_t *out, struct error *err)
{
    cleanup_free char *copy = strdup(text);

    *out = 0;
    for (char *rest = copy, *word; (word = strsep(&rest, "|"));) {
        uint64_t flag = find(word);

        if (!flag) {
            error_text(err, EINVAL, "%s: unknown word \"%s\"", option, word);
            return error_remedy(err, "--help lists the words");
        }
        *out |= flag;
    }
    return copy ? 0 : error_set(err, ENOMEM, "cannot read option %s", option);
}

static int option_read_id(const char *option, const char *text, uid_t *id, struct error *err)
{
    uint64_t number;

    *id = ATTACH_ID_UNSET;
    if (!text)
        return 0;
    if (parse_uint64(text, 10, UINT32_MAX - 1, &number) < 0)
        return error_text(err, EINVAL, "option %s takes a number, not \"%s\"", option, text);
    *id = (uid_t)number;
    return 0;
}

static int option_read_arch(const char *text, long *personality, struct error *err)
{
    *personality = architecture_parse(text);
    return *personality < 0 ? error_text(err, EINVAL, "-a: unknown architecture \"%s\"", text) : 0;
}

static int options_read_privileges(const struct lxc_attach_options *o, struct attach_options *a,
                                   struct error *err)
{
    uint64_t elevated = 0;
    int r = 0;

    if (o->elevated && *o->elevated)
        r = option_read_words("-e", o->elevated, privilege_option_flag, &elevated, err);
    if (o->namespaces || (o->elevated && !*o->elevated))
        elevated = ELEVATE_ALL;
    if (r == 0 && o->namespaces)
        r = option_read_words("-s", o->namespaces, namespace_option_flag, &a->namespaces, err);
    if (r < 0)
        return r;
    if ((elevated & ELEVATE_LSM) && o->context)
        return error_text(err, EINVAL, "-c and elevated LSM privileges exclude each other");
    a->elevate_cgroup = elevated & ELEVATE_CGROUP;
    a->elevate_caps = elevated & ELEVATE_CAP;
    a->elevate_lsm = elevated & ELEVATE_LSM;
    return 0;
}

/* Read the settings that concern the command from --rcfile. Append those of -v, which override them. */
static int options_read_rcfile(const char *path, const struct lxc_attach_options *o, struct attach_options *a,
                               struct string_list *variables, struct error *err)
{
    cleanup_config struct config config;
    int r;

    config_init(&config);
    r = config_read_file(&config, path, err);
    for (size_t i = 0; r == 0 && i < config.environment.count; i++)
        r = string_list_add(variables, config.environment.items[i]);
    for (size_t i = 0; r == 0 && i < config.environment_runtime.count; i++)
        r = string_list_add(variables, config.environment_runtime.items[i]);
    for (size_t i = 0; r == 0 && i < o->set_var.count; i++)
        r = string_list_add(variables, o->set_var.items[i]);
    a->set_env = variables;
    if (r == 0 && config.arch && !o->arch)
        r = option_read_arch(config.arch, &a->personality, err);
    return r < 0 && !err->code ? error_set(err, r, "cannot keep the environment of %s", path) : r;
}

static void attach_print_line(const char *line)
{
    fprintf(stderr, "lxc-attach: %s\n", line);
}

static int lxc_attach_run(struct invocation *in, struct error *err)
{
    const struct lxc_attach_options *o = in->options;
    struct attach_options a = {.remount_proc_sys = o->remount,
                               .personality = -1,
                               .clear_env = o->clear_env && !o->keep_env,
                               .keep_env = &o->keep_var,
                               .set_env = &o->set_var,
                               .context = o->context,
                               .log = -1};
    cleanup_string_list struct string_list variables = {0};
    cleanup_fd int log = -1;
    cleanup_command_connection struct command_connection connection = COMMAND_CONNECTION_NONE;
    struct container c;
    int r = options_read_privileges(o, &a, err);

    if (r == 0 && o->arch)
        r = option_read_arch(o->arch, &a.personality, err);
    if (r == 0 && o->container.rcfile)
        r = options_read_rcfile(o->container.rcfile, o, &a, &variables, err);
    if (r == 0)
        r = option_read_id("-u", o->uid, &a.uid, err);
    if (r == 0)
        r = option_read_id("-g", o->gid, &a.gid, err);
    if (r == 0)
        r = container_select(&o->container, in, &c, err);
    c.connection = &connection;
    if (r == 0 && !a.elevate_cgroup)
        r = container_wait_thawed(&c, o->container.quiet ? NULL : attach_print_line, err);
    if (r < 0)
        return r;
    if (o->pty_log) {
        log = open(o->pty_log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (log < 0)
            return error_set(err, errno, "cannot open %s", o->pty_log);
        a.log = log;
    }
    a.command = in->argc ? in->argv : NULL;
    r = container_attach(&c, &a, err);
    if (r >= 126 && err->code) {
        char text[sizeof(struct error)];
        fprintf(stderr, "%s: %s\n", in->applet, error_format(err, text, sizeof(text)));
    }
    return r;
}

APPLET(lxc_attach, .name = "lxc-attach", .summary = "Run a command, or a shell, in a running container",
       .usage = "[-n] NAME [OPTION]... [-- COMMAND [ARGUMENT]...]", .options = lxc_attach_table,
       .operands_max = OPERANDS_ANY, .options_size = sizeof(struct lxc_attach_options), .sealed = true,
       .run = lxc_attach_run);
