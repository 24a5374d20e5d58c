/* Let the user at the console choose what to do after a failure. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "applets/init/init.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/boot/disk.h"
#include "fetch/index/image.h"

#define BUSYBOX  "/bin/busybox"
#define LINE_MAX 256

/* Read a line in a child process, while process 1 continues to reap children and to wait for signals.
 * Returns 1, 0 at the end of input, or -ECANCELED. */
static int answer_read(struct init *i, char line[LINE_MAX])
{
    int fds[2], r;
    ssize_t n;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return 0;
    pid = fork();
    if (pid == 0) {
        sigprocmask(SIG_UNBLOCK, &i->signals, NULL);
        n = read(STDIN_FILENO, line, LINE_MAX - 1);
        _exit(n > 0 && write_all(fds[1], line, (size_t)n) == 0 ? 0 : 1);
    }
    close(fds[1]);
    r = pid > 0 ? init_wait(i, pid) : 1;
    if (r == -ECANCELED)
        kill(pid, SIGKILL);
    n = r == 0 ? read_all(fds[0], line, LINE_MAX - 1) : 0;
    close(fds[0]);
    line[n > 0 ? n : 0] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    return r == -ECANCELED ? r : n > 0;
}

static void print_disk(void *context, const char *device, uint64_t size_bytes, const struct disk_identity *id)
{
    (void)context;
    if (size_bytes)
        init_print("%s: %llu MB, %s%s%s%s%s", device, (unsigned long long)(size_bytes >> 20),
                   id->type ? id->type : "no file system", *id->label ? ", LABEL=" : "", id->label,
                   *id->uuid ? ", UUID=" : "", id->uuid);
}

static void list_images(struct init *i)
{
    struct error err = ERROR_INIT;
    const char *words[12] = {"lxc-create",    "-n", "x", "-t", "download", "--", "--list", "-a",
                             image_arch(NULL)};

    if (i->settings.server) {
        words[9] = "--server";
        words[10] = i->settings.server;
    }
    (void)init_run(i, words, &err);
}

/* Run a shell with the commands of busybox and of this executable. */
static void run_shell(struct init *i)
{
    static const char script[] = "/bin/lxcbox --install -s /bin; " BUSYBOX " --install -s /bin 2> /dev/null; "
                                 "cd /root; export HOME=/root PATH=/bin:/sbin; setsid -c sh -i || sh -i";
    pid_t pid = fork();

    if (pid == 0) {
        sigprocmask(SIG_UNBLOCK, &i->signals, NULL);
        execl(BUSYBOX, "sh", "-c", script, (char *)NULL);
        _exit(127);
    }
    if (pid > 0)
        (void)init_wait(i, pid);
}

static void setting_replace(char **text, const char *value)
{
    char *copy = strdup(value);

    if (copy) {
        free(*text);
        *text = copy;
    }
}

/* Apply the user's answer. Returns whether to try the failed step again. */
static bool answer_apply(struct init *i, const char *line)
{
    struct error err = ERROR_INIT;
    bool is_disk = starts_with(line, "LABEL=") || starts_with(line, "UUID=") || starts_with(line, "/dev/");

    if (is_disk) {
        setting_replace(&i->settings.data, line);
        /* Mount over the present file system. If none is mounted yet, the next try of the step mounts it. */
        if (i->has_data && init_mount_data(i, &err) < 0) {
            init_print_error(&err);
            return false;
        }
        return true;
    }
    if (strchr(line, '/')) {
        setting_replace(&i->settings.image, line);
        return true;
    }
    if (strcmp(line, "d") == 0)
        disk_each(print_disk, NULL);
    else if (strcmp(line, "i") == 0)
        list_images(i);
    else if (strcmp(line, "s") == 0 && access(BUSYBOX, X_OK) == 0)
        run_shell(i);
    else if (strcmp(line, "p") == 0)
        i->end = RB_POWER_OFF;
    else if (strcmp(line, "b") == 0)
        i->end = RB_AUTOBOOT;
    return !*line;
}

int init_ask(struct init *i)
{
    char line[LINE_MAX];
    int r;

    while (!i->end) {
        init_print(
            "try again: Enter; another image: its name, as debian/bookworm; another disk: LABEL=, UUID= or "
            "/dev/; d: list disks; i: list images; %sp: power off; b: reboot",
            access(BUSYBOX, X_OK) == 0 ? "s: shell; " : "");
        r = answer_read(i, line);
        if (r == 0) {
            init_print("waiting for Ctrl-Alt-Del");
            (void)init_wait(i, 0);
        }
        if (r > 0 && answer_apply(i, line))
            return 0;
    }
    return -ECANCELED;
}
