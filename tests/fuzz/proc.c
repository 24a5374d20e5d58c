/* What the kernel says of a process that a container has, in which the container can write names and
 * arguments. */
#include "tests/fuzz/files.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/base/mountinfo.h"
#include "core/base/str.h"
#include "core/command/peer.h"
#include "core/namespace/namespace_list.h"
#include "core/run/init_signals.h"
#include "core/storage/list.h"
#include "core/storage/storage.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = {"/mountinfo", "/net/unix", "/self/cgroup", "status", "cgroup",
                                    "cmdline",    "comm",      "/syscall",     "/stat"};

/* In place of /proc: a directory with one process, whose namespaces are files. */
static char processes[] = "/tmp/fuzz-proc-XXXXXX";

static void processes_remove(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s", processes);
    (void)!system(command);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char path[64];
    int fd;

    (void)argc;
    (void)argv;
    if (!mkdtemp(processes))
        abort();
    atexit(processes_remove);
    snprintf(path, sizeof(path), "%s/1", processes);
    mkdir(path, 0755);
    snprintf(path, sizeof(path), "%s/1/ns", processes);
    mkdir(path, 0755);
    snprintf(path, sizeof(path), "%s/1/ns/net", processes);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    close(fd);
    return 0;
}

DIR *opendir(const char *path)
{
    int fd = open(strcmp(path, "/proc") == 0 ? processes : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? NULL : fdopendir(fd);
}

static void mounts_examine(void)
{
    struct error err = ERROR_INIT;
    struct mountinfo table;

    if (mountinfo_read(AT_FDCWD, "/proc/self/mountinfo", &table) == 0) {
        for (size_t i = 0; i < table.count; i++) {
            const struct mountinfo_entry *e = &table.items[i];

            if (e->root[0] != '/' || e->mount_point[0] != '/' || !e->optional || !e->type ||
                !e->super_options)
                abort();
            (void)mountinfo_has_optional(e, "master:");
            if (!path_is_beneath(e->mount_point, "/"))
                abort();
        }
        mountinfo_free(&table);
    }
    if (storage_check_unmounted("/tmp", NULL, &err) < 0 && !strstr(err.text, " /tmp"))
        abort();
}

static void processes_examine(void)
{
    struct namespace_list list = {0};
    struct init_signals signals;

    if (namespace_list_read(&list, NULL) == 0)
        for (size_t i = 0; i < list.process_count; i++)
            if (text_has_control(list.processes[i].command))
                abort();
    namespace_list_free(&list);
    if (init_signals_read(getpid(), &signals) == 0)
        for (int number = 1; number <= 64; number++)
            (void)init_signals_reaction(&signals, number);
    (void)init_age_ms(getpid());
    (void)peer_is_outside(getpid());
}

static void sockets_examine(void)
{
    struct container_list list = {0};

    if (container_list_read("/p", true, &list, NULL) == 0)
        for (size_t i = 0; i < list.count; i++)
            if (container_check_name(list.items[i].name, NULL) < 0)
                abort();
    container_list_free(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    files_set(paths, sizeof(paths) / sizeof(*paths), data, size);
    mounts_examine();
    processes_examine();
    sockets_examine();
    return 0;
}
