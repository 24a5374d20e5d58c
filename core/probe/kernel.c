/* Namespaces, cgroups, system calls and security. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/cgroup/layout.h"
#include "core/probe/probe.h"
#include "core/namespace/namespace.h"
#include "core/confine/syscalls.h"

int try_namespace(const char *name)
{
    int kind = namespace_find(name);

    return kind < 0 ? -1 : unshare((int)namespaces[kind].flag);
}

static bool probe_has_word(const char *text, const char *word)
{
    size_t length = strlen(word);

    for (const char *p = text; (p = strstr(p, word)); p++)
        if ((p == text || strchr(" ,", p[-1])) && strchr(" ,\n", p[length]))
            return true;
    return false;
}

/* v2 implements devices with BPF, and the freezer in its core. */
static bool probe_unified_has(const struct cgroup_mount *m, const char *controller)
{
    cleanup_free char *path = format_string("%s/cgroup.controllers", m->mount_point);
    cleanup_free char *text = NULL;

    if (strcmp(controller, "devices") == 0 || strcmp(controller, "freezer") == 0)
        return true;
    return path && file_read(AT_FDCWD, path, 4096, &text, NULL) == 0 && probe_has_word(text, controller);
}

int try_cgroup_controller(const char *controllers)
{
    cleanup_cgroup_mounts struct cgroup_mounts mounts = {0};
    cleanup_free char *words = strdup(controllers);
    bool alone = true;

    if (!words || cgroup_mounts_read(&mounts) < 0)
        return -1;
    for (size_t i = 0; i < mounts.count; i++)
        alone = alone && mounts.items[i].unified;
    for (char *rest = words, *word; (word = strsep(&rest, ","));)
        for (size_t i = 0; i < mounts.count; i++) {
            const struct cgroup_mount *m = &mounts.items[i];
            bool core = strcmp(word, "devices") == 0 || strcmp(word, "freezer") == 0;

            if (m->unified ? (alone || !core) && probe_unified_has(m, word)
                           : cgroup_controllers_have(m->controllers, word))
                return 0;
        }
    return -1;
}

int try_seccomp(const char *ignored)
{
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {1, &allow};

    (void)ignored;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

int try_seccomp_notify(const char *ignored)
{
    unsigned action = SECCOMP_RET_USER_NOTIF;

    (void)ignored;
    return (int)syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
}

/* Call it with invalid arguments: any result except ENOSYS means that the call exists. */
int try_system_call(const char *name)
{
    int number = syscall_number(0, name);

    return number < 0 || (syscall(number, -1L, 0L, 0L, 0L, 0L, 0L) < 0 && errno == ENOSYS) ? -1 : 0;
}

int try_lsm(const char *name)
{
    if (strcmp(name, "selinux") == 0)
        return access("/sys/fs/selinux/enforce", F_OK);
    cleanup_free char *enabled = NULL;
    return file_read(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", 16, &enabled, NULL) == 0 &&
                   *enabled == 'Y'
               ? 0
               : -1;
}

int try_kcmp(const char *ignored)
{
    (void)ignored;
    return (int)syscall(SYS_kcmp, getpid(), getpid(), 1 /* KCMP_VM */, 0, 0);
}

int try_file_handle(const char *ignored)
{
    _Alignas(8) char bytes[8 + 128] = {0};
    unsigned size = 128;
    int mount_id;

    (void)ignored;
    memcpy(bytes, &size, sizeof(size));
    if (syscall(SYS_name_to_handle_at, AT_FDCWD, "/", bytes, &mount_id, 0) == 0 || errno != ENOSYS)
        return 0;
    return -1;
}

/* Set security.capability on a file in memory; linux/capability.h, struct vfs_cap_data. */
int try_file_capability(const char *ignored)
{
    struct vfs_cap_data data = {.magic_etc = VFS_CAP_REVISION_2, .data = {{1 << CAP_NET_RAW, 0}}};
    cleanup_fd int fd = -1;

    (void)ignored;
    if (mount("probe", "/proc", "tmpfs", 0, "mode=0700,size=1m") < 0)
        return -1;
    fd = open("/proc/f", O_RDWR | O_CREAT | O_CLOEXEC, 0700);
    return fd < 0 ? -1 : fsetxattr(fd, "security.capability", &data, sizeof(data), 0);
}
