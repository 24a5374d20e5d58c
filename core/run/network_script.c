/* lxc.net.N.script.up and .down. Source: lxc.container.conf(5); what stock LXC passes was looked at. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/run/network_steps.h"

/* "exec SCRIPT [CONTAINER net WHICH] TYPE [LINK] [HOST END]", for a shell, as a script may be given with
 * arguments. From lxc.hook.version = 1 on, what is in brackets first is in the environment. */
static char *command_line(const struct container *c, const struct config *config,
                          const struct network_link *l, const char *script, const char *which)
{
    cleanup_strbuf struct strbuf line = STRBUF_INIT;
    const struct config_net *net = l->net;

    if (strbuf_printf(&line, "exec %s", script) < 0 ||
        (config->hook_version == 0 && strbuf_printf(&line, " %s net %s", c->name, which) < 0) ||
        strbuf_printf(&line, " %s", network_type_name(net->type)) < 0 ||
        (net->link && net->type != NET_EMPTY && strbuf_printf(&line, " %s", net->link) < 0) ||
        (net->type == NET_VETH && strbuf_printf(&line, " %s", l->host_name) < 0))
        return NULL;
    return strbuf_take(&line);
}

static void set_environment(const struct container *c, const struct config *config,
                            const struct network_link *l, const char *which)
{
    const struct config_net *net = l->net;
    bool tells_parent = net->type == NET_MACVLAN || net->type == NET_PHYS || net->type == NET_VETH;

    setenv("LXC_NAME", c->name, 1);
    if (config->file)
        setenv("LXC_CONFIG_FILE", config->file, 1);
    if (config->rootfs_path)
        setenv("LXC_ROOTFS_PATH", config->rootfs_path, 1);
    if (config->rootfs_mount)
        setenv("LXC_ROOTFS_MOUNT", config->rootfs_mount, 1);
    if (config->hook_version != 1)
        return;
    setenv("LXC_HOOK_TYPE", which, 1);
    setenv("LXC_HOOK_SECTION", "net", 1);
    setenv("LXC_NET_TYPE", network_type_name(net->type), 1);
    if (tells_parent)
        setenv("LXC_NET_PARENT", net->link ? net->link : "", 1);
    if (net->type == NET_VETH)
        setenv("LXC_NET_PEER", l->host_name, 1);
}

/* What it prints on standard output goes to the log, line by line. */
static void log_output(int fd)
{
    FILE *f = fdopen(dup(fd), "r");
    char line[256];

    while (f && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        log_debug("network", "script: %s", line);
    }
    if (f)
        fclose(f);
}

int network_script_run(const struct container *c, const struct config *config, const struct network_link *l,
                       const char *which, struct error *err)
{
    const char *script = strcmp(which, "up") == 0 ? l->net->script_up : l->net->script_down;
    cleanup_free char *line = NULL;
    cleanup_fd int out = -1;
    int status, pipes[2];
    pid_t pid;

    if (!script)
        return 0;
    line = command_line(c, config, l, script, which);
    if (!line || pipe2(pipes, O_CLOEXEC) < 0)
        return error_set(err, line ? errno : ENOMEM, "lxc.net.%u.script.%s cannot run", l->net->index, which);
    out = pipes[0];
    pid = fork();
    if (pid == 0) {
        set_environment(c, config, l, which);
        dup2(pipes[1], STDOUT_FILENO);
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    if (pid < 0)
        return error_set(err, errno, "lxc.net.%u.script.%s cannot run", l->net->index, which);
    log_output(out);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return error_set(err, errno, "lxc.net.%u.script.%s is not to be waited for", l->net->index,
                             which);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFSIGNALED(status))
        return error_text(err, ECANCELED, "lxc.net.%u.script.%s: %s was killed by signal %d", l->net->index,
                          which, script, WTERMSIG(status));
    return error_text(err, ECANCELED, "lxc.net.%u.script.%s: %s ended with status %d", l->net->index, which,
                      script, WEXITSTATUS(status));
}
