/*
 * lxc-unpriv-start, lxc-unpriv-attach: lxc-start and lxc-attach in a scope of the user's systemd, whose
 * cgroups are the user's. See lxc-unpriv-start.1.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/cli/applet.h"
#include "core/base/cleanup.h"

static const struct option_row no_options[] = {OPT_END};

static int scope_run(struct invocation *in, const char *command, struct error *err)
{
    static const char *const scope[] = {"systemd-run", "--user", "--scope", "-p", "Delegate=yes", "--"};
    cleanup_free char *session = format_string("/run/user/%u", (unsigned)geteuid());
    cleanup_free char *bus = session ? format_string("unix:path=%s/bus", session) : NULL;
    cleanup_free char *self = realpath("/proc/self/exe", NULL);
    cleanup_string_list struct string_list words = {0};
    int r = bus && self ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(scope); i++)
        r = string_list_add(&words, scope[i]);
    if (r == 0)
        r = string_list_add(&words, self);
    if (r == 0)
        r = string_list_add(&words, command);
    for (int i = 0; r == 0 && i < in->argc; i++)
        r = string_list_add(&words, in->argv[i]);
    if (r < 0 || setenv("XDG_RUNTIME_DIR", session, 1) < 0 || setenv("DBUS_SESSION_BUS_ADDRESS", bus, 1) < 0)
        return error_set(err, ENOMEM, "cannot run %s", command);
    if (access(strchr(bus, '/'), F_OK) < 0) {
        error_set(err, errno, "no systemd of user %u is running that could delegate cgroups: %s",
                  (unsigned)geteuid(), strchr(bus, '/'));
        return error_remedy(err, "log in as this user, or have root run: loginctl enable-linger %u",
                            (unsigned)geteuid());
    }
    execvp(words.items[0], words.items);
    error_set(err, errno, "cannot run systemd-run");
    return error_remedy(err, "install systemd; without it, run %s in a cgroup that the user owns", command);
}

static int unpriv_start_run(struct invocation *in, struct error *err)
{
    return scope_run(in, "lxc-start", err);
}

static int unpriv_attach_run(struct invocation *in, struct error *err)
{
    return scope_run(in, "lxc-attach", err);
}

APPLET(lxc_unpriv_start, .name = "lxc-unpriv-start",
       .summary = "Run lxc-start in a scope of the user's systemd", .usage = "LXC-START-ARGUMENT...",
       .options = no_options, .unparsed = true, .run = unpriv_start_run);

APPLET(lxc_unpriv_attach, .name = "lxc-unpriv-attach",
       .summary = "Run lxc-attach in a scope of the user's systemd", .usage = "LXC-ATTACH-ARGUMENT...",
       .options = no_options, .unparsed = true, .run = unpriv_attach_run);
