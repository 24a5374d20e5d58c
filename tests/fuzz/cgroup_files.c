/* The files of a container's cgroup, in which a process of the container may write, or mount something. */
#include "tests/fuzz/files.h"

#include <signal.h>
#include <stdio.h>

#include "core/base/cleanup.h"
#include "core/cgroup/cgroup.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"cgroup.events",
                                    "cgroup.procs",
                                    "freezer.state",
                                    "memory.current",
                                    "memory.stat",
                                    "cpu.stat",
                                    "io.stat",
                                    "blkio.throttle.io_service_bytes",
                                    "blkio.throttle.io_serviced",
                                    "cpuacct.stat",
                                    "memory.max"};

static char directory[] = "/dev/shm/fuzz-cgroup-XXXXXX";
static int cgroup = -1;

static void directory_remove(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s", directory);
    (void)!system(command);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (!mkdtemp(directory))
        abort();
    atexit(directory_remove);
    cgroup = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return 0;
}

/* Nothing but a process of the container is ever killed: 0 and negative numbers are groups of others. */
int kill(pid_t pid, int signal)
{
    if (pid <= 0 || signal != SIGKILL)
        abort();
    return 0;
}

static void files_write(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int fd;

        /* An absent file is another case than an empty one. */
        if (!files[i].size) {
            unlinkat(cgroup, names[i], 0);
            continue;
        }
        fd = (int)syscall(SYS_openat, cgroup, names[i], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0 || write(fd, files[i].bytes, files[i].size) != (ssize_t)files[i].size)
            abort();
        close(fd);
    }
    files[0].path = NULL;
}

static void values_examine(void)
{
    struct cgroup_statistics s;
    struct cgroup_details d;
    struct error err = ERROR_INIT;
    char *value = NULL;

    cgroup_read_statistics(&cgroup, 1, &s);
    cgroup_read_details(&cgroup, 1, &d);
    if (s.memory_bytes < -1 || s.kernel_memory_bytes < -1 || s.cpu_ns < -1 || s.block_io_bytes < -1 ||
        d.cpu_user_us < -1 || d.cpu_system_us < -1 || d.block_read_bytes < -1 || d.block_written_bytes < -1 ||
        d.block_operations < -1 || d.memory_swap_bytes < -1)
        abort();
    (void)cgroup_frozen_fd(cgroup);
    if (cgroup_get_value(&cgroup, 1, "memory.max", &value, &err) < 0 && !err.text[0])
        abort();
    free(value);
}

static void processes_kill(bool unified)
{
    struct cgroup g = {.count = 1, .payload = "p", .limit = "p", .device_program = -1};

    g.hierarchies[0] = (struct cgroup_hierarchy){
        .mount = {.unified = unified, .controllers = "freezer", .mount_point = "/m", .root = "/", .base = ""},
        .limit_fd = cgroup,
        .payload_fd = cgroup};
    (void)cgroup_kill(&g, 0, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    files_set(names, ARRAY_LENGTH(names), data, size);
    files_write(ARRAY_LENGTH(names));
    values_examine();
    processes_kill(false);
    processes_kill(true);
    return 0;
}
