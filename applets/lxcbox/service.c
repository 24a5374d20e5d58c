#include "applets/lxcbox/service.h"

#include <errno.h>
#include <string.h>

#include "core/base/cleanup.h"

/*
 * '@' is replaced by the path of the executable. Each file starts the bridge, then the containers with
 * lxc.start.auto that are in no group or in group "onboot". Without a bridge, containers that need none start
 * all the same. At the end it shuts down every running container, then the bridge.
 */
static const struct service {
    const char *init, *text;
} services[] = {
    /* Monitors and containers move from the unit's cgroup to their own. */
    {"systemd",
     "[Unit]\nDescription=Linux containers and their network\n"
     "After=network-online.target remote-fs.target\nWants=network-online.target\n\n"
     "[Service]\nType=oneshot\nRemainAfterExit=yes\n"
     "ExecStart=-@ lxc-net start\nExecStart=@ lxc-autostart -g onboot,\n"
     "ExecStop=@ lxc-autostart -s -a -A\nExecStop=-@ lxc-net stop\n"
     "TimeoutStopSec=120\nKillMode=process\nDelegate=yes\n\n[Install]\nWantedBy=multi-user.target\n"},
    {"openrc", "#!/sbin/openrc-run\ndescription=\"Linux containers and their network\"\n\n"
               "depend() {\n\tafter localmount net firewall cgroups\n}\n\n"
               "start() {\n\tebegin \"Starting containers\"\n\t@ lxc-net start\n\t@ lxc-autostart -g "
               "onboot,\n\teend $?\n}\n\n"
               "stop() {\n\tebegin \"Stopping containers\"\n\t@ lxc-autostart -s -a -A\n\teend $?\n\t@ "
               "lxc-net stop\n}\n"},
    {"procd",
     "#!/bin/sh /etc/rc.common\nSTART=99\nSTOP=01\nUSE_PROCD=1\n\n"
     "start_service() {\n\tprocd_open_instance net\n\tprocd_set_param command @ lxc-net start --foreground\n"
     "\tprocd_set_param respawn\n\tprocd_set_param stderr 1\n\tprocd_close_instance\n}\n\n"
     "service_started() {\n\tfor i in 1 2 3 4 5 6 7 8 9; do\n\t\t@ lxc-net status > /dev/null && "
     "break\n\t\tsleep 1\n\tdone\n\t@ lxc-autostart -g onboot,\n}\n\n"
     "stop_service() {\n\t@ lxc-autostart -s -a -A\n}\n"},
    {"sysv",
     "#!/bin/sh\n### BEGIN INIT INFO\n# Provides:          lxcbox\n# Required-Start:    $remote_fs $network\n"
     "# Required-Stop:     $remote_fs $network\n# Default-Start:     2 3 4 5\n# Default-Stop:      0 1 6\n"
     "# Short-Description: Linux containers and their network\n### END INIT INFO\n\n"
     "case \"$1\" in\nstart)\n\t@ lxc-net start\n\t@ lxc-autostart -g onboot,\n\t;;\n"
     "stop)\n\t@ lxc-autostart -s -a -A\n\t@ lxc-net stop\n\t;;\nrestart | force-reload)\n\t\"$0\" "
     "stop\n\t\"$0\" start\n\t;;\n"
     "status)\n\t@ lxc-ls -f\n\t;;\n*)\n\techo \"usage: $0 start|stop|restart|force-reload|status\" "
     ">&2\n\texit 2\n\t;;\nesac\n"},
};

int service_text(const char *init, const char *self, struct strbuf *out, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LENGTH(services); i++) {
        const struct service *s = &services[i];
        int r = 0;

        if (strcmp(s->init, init) != 0)
            continue;
        for (const char *p = s->text; *p && r == 0; p++)
            r = *p == '@' ? strbuf_puts(out, self) : strbuf_add(out, p, 1);
        return r < 0 ? error_set(err, r, "cannot print the service file") : 0;
    }
    error_text(err, EINVAL, "there is no service file for \"%s\"", init);
    return error_remedy(err, "choose systemd, openrc, procd or sysv");
}
