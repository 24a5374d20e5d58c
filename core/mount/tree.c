#include "core/mount/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"

/*
 * From linux/mount.h, which conflicts with sys/mount.h of some C libraries. The call numbers are the same on
 * all architectures, plus 4000 on MIPS.
 */
#ifdef __mips__
#define BASE 4000
#else
#define BASE 0
#endif
#define OPEN_TREE     (BASE + 428)
#define MOVE_MOUNT    (BASE + 429)
#define FSOPEN        (BASE + 430)
#define FSCONFIG      (BASE + 431)
#define FSMOUNT       (BASE + 432)
#define MOUNT_SETATTR (BASE + 442)

#define TREE_CLONE        1        /* OPEN_TREE_CLONE */
#define TREE_RECURSIVE    0x8000   /* AT_RECURSIVE */
#define FROM_EMPTY_PATH   0x4      /* MOVE_MOUNT_F_EMPTY_PATH */
#define TO_EMPTY_PATH     0x40     /* MOVE_MOUNT_T_EMPTY_PATH */
#define CONFIG_SET_FLAG   0        /* FSCONFIG_SET_FLAG */
#define CONFIG_SET_STRING 1        /* FSCONFIG_SET_STRING */
#define CONFIG_CREATE     6        /* FSCONFIG_CMD_CREATE */
#define ATTRIBUTE_IDMAP   0x100000 /* MOUNT_ATTR_IDMAP */

struct attributes { /* struct mount_attr */
    uint64_t set, clear, propagation, userns;
};

static int tree_result(long value)
{
    return value < 0 ? -errno : (int)value;
}

int tree_clone(const char *path, bool recursive)
{
    return tree_result(
        syscall(OPEN_TREE, AT_FDCWD, path, TREE_CLONE | O_CLOEXEC | (recursive ? TREE_RECURSIVE : 0)));
}

int tree_clone_fd(int fd, bool recursive)
{
    return tree_result(syscall(OPEN_TREE, fd, "",
                               AT_EMPTY_PATH | TREE_CLONE | O_CLOEXEC | (recursive ? TREE_RECURSIVE : 0)));
}

static int tree_set_option(int context, char *word)
{
    char *value = strchr(word, '=');

    if (!value)
        return tree_result(syscall(FSCONFIG, context, CONFIG_SET_FLAG, word, NULL, 0));
    *value++ = '\0';
    return tree_result(syscall(FSCONFIG, context, CONFIG_SET_STRING, word, value, 0));
}

/* Flags of the file system, not of its mount. */
static const struct {
    unsigned long flag;
    const char *name;
} super_flags[] = {
    {MS_RDONLY, "ro"},       {MS_SYNCHRONOUS, "sync"}, {MS_DIRSYNC, "dirsync"},
    {1UL << 25, "lazytime"}, {MS_MANDLOCK, "mand"},
};

int tree_new(const char *type, const char *source, unsigned long flags, const char *data)
{
    /* Attributes of a mount (MOUNT_ATTR_*), whose values differ from MS_* above the first four bits. */
    unsigned attributes =
        (unsigned)(flags & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)) | (flags & MS_NOATIME ? 0x10U : 0);
    cleanup_free char *words = strdup(data ? data : "");
    cleanup_fd int context = (int)syscall(FSOPEN, type, 1 /* FSOPEN_CLOEXEC */);
    char *word, *rest = words;
    int r;

    if (context < 0)
        return -errno;
    if (!words)
        return -ENOMEM;
    r = tree_result(syscall(FSCONFIG, context, CONFIG_SET_STRING, "source", source, 0));
    for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(super_flags); i++)
        if (flags & super_flags[i].flag)
            r = tree_result(syscall(FSCONFIG, context, CONFIG_SET_FLAG, super_flags[i].name, NULL, 0));
    while (r == 0 && (word = strsep(&rest, ",")))
        r = *word ? tree_set_option(context, word) : 0;
    if (r == 0)
        r = tree_result(syscall(FSCONFIG, context, CONFIG_CREATE, NULL, NULL, 0));
    return r < 0 ? r : tree_result(syscall(FSMOUNT, context, 1 /* FSMOUNT_CLOEXEC */, attributes));
}

int tree_name_refused(const char *type, const char *data, struct error *err)
{
    cleanup_free char *words = strdup(data ? data : "");
    cleanup_fd int context = (int)syscall(FSOPEN, type, 1 /* FSOPEN_CLOEXEC */);

    for (char *rest = words, *word; context >= 0 && (word = strsep(&rest, ","));) {
        cleanup_free char *whole = strdup(word);

        if (whole && *word && tree_set_option(context, word) == -EINVAL)
            return error_remedy(err, "%s does not accept the option \"%s\"", type, whole);
    }
    return err ? err->code : -EINVAL;
}

int tree_adjust(int tree, int userns, unsigned long propagation, bool recursive)
{
    struct attributes a = {.propagation = propagation};

    if (userns >= 0) {
        a.set = ATTRIBUTE_IDMAP;
        a.userns = (uint64_t)userns;
    }
    return tree_result(
        syscall(MOUNT_SETATTR, tree, "", AT_EMPTY_PATH | (recursive ? TREE_RECURSIVE : 0), &a, sizeof(a)));
}

int tree_attach(int tree, int target_fd)
{
    return tree_result(syscall(MOVE_MOUNT, tree, "", target_fd, "", FROM_EMPTY_PATH | TO_EMPTY_PATH));
}
