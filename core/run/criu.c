#include "core/run/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/mount/mounts.h"

/*
 * The options that LXC's criu.c passes for every container; the last DUMP_ONLY of them for a dump only. LXC
 * also passes "--ext-mount-map auto", with which a restore binds each path of the host that the images name:
 * a mount that the container made in its own rootfs is written there as such a path, where the container may
 * put a link before the restore.
 */
static const char *const common_options[] = {
    "--tcp-established",
    "--file-locks",
    "--link-remap",
    "--manage-cgroups=full",
    "--enable-external-sharing",
    "--enable-external-masters",
    "--enable-fs",
    "hugetlbfs",
    "--enable-fs",
    "tracefs",
    "--skip-in-flight",
    "--force-irmap",
};
#define DUMP_ONLY 2

#define MAX_GENERATIONS 64 /* of checkpoints of the memory */

int criu_add(struct string_list *l, const char *option, char *value)
{
    int r = string_list_add(l, option), taken = string_list_take(l, value);

    return r < 0 ? r : taken;
}

#define SEPARATOR             ":"
#define SEPARATORS_OF_DEVICES ":[]@,"

/* Reject a word that criu would split at one of these bytes. */
static int criu_check_word(const char *what, const char *text, const char *bytes, struct error *err)
{
    if (!text || !text[strcspn(text, bytes)])
        return 0;
    return error_text(err, EINVAL, "%s, \"%s\", contains one of the bytes %s that are separators for criu",
                      what, text, bytes);
}

int criu_add_mounts(struct string_list *l, struct config *config, bool restores, struct error *err)
{
    int r = config_load_fstab(config, err);

    for (size_t i = 0; r == 0 && i < config->mount_count; i++) {
        const char *target = config->mounts[i].target;
        cleanup_mount_options struct mount_options o = {0};

        r = mount_options_parse(config->mounts[i].options, &o, err);
        if (r == 0 && o.flags & (MS_BIND | MS_MOVE))
            r = criu_check_word("the target of a mount entry", target, SEPARATOR, err);
        if (r == 0 && o.flags & (MS_BIND | MS_MOVE))
            r = criu_add(l, "--ext-mount-map",
                         format_string(restores ? "%s:%s" : "/%s:%s", target,
                                       restores ? config->mounts[i].source : target));
    }
    return r;
}

/*
 * criu opens the files of its directory by their names: each has to be a regular file, in a directory where
 * nobody but root and this user writes. criu makes one link itself, "parent", to the directory of an earlier
 * checkpoint, to which the same applies.
 */
static int criu_check_files(int fd, const char *directory, int generation, struct error *err)
{
    cleanup_dir DIR *dir = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct dirent *entry;
    struct stat st;

    if (!dir || fstat(fd, &st) < 0)
        return error_set(err, errno, "cannot read %s", directory);
    if ((st.st_uid != geteuid() && st.st_uid != 0) || st.st_mode & (S_IWGRP | S_IWOTH)) {
        error_text(err, EPERM, "other users may write to %s", directory);
        return error_remedy(err, "chown and chmod it, or name another directory with -D");
    }
    if (generation >= MAX_GENERATIONS)
        return error_text(err, ELOOP, "too many checkpoints build on one another in %s", directory);
    while ((errno = 0, entry = readdir(dir))) {
        const char *name = entry->d_name;
        cleanup_fd int parent = -1;

        if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            return error_set(err, errno, "cannot read %s/%s", directory, name);
        if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
            continue;
        if (!S_ISLNK(st.st_mode) || strcmp(name, "parent") != 0)
            return error_text(err, ELOOP, "%s/%s is a link, or not a regular file", directory, name);
        parent = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (parent < 0)
            return error_set(err, errno, "cannot open %s/%s", directory, name);
        int r = criu_check_files(parent, directory, generation + 1, err);
        if (r < 0)
            return r;
    }
    return errno ? error_set(err, errno, "cannot read %s", directory) : 0;
}

int criu_check_directory(const struct checkpoint_options *o, struct error *err)
{
    cleanup_fd int fd = open(o->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? error_set(err, errno, "cannot open %s", o->directory)
                  : criu_check_files(fd, o->directory, 0, err);
}

bool criu_is_console(const char *text)
{
    unsigned colons = 0;

    if (!starts_with(text, "tty["))
        return false;
    for (text += strlen("tty["); *text && *text != ']'; text++) {
        colons += *text == ':';
        if (*text != ':' && hex_digit(*text) < 0)
            return false;
    }
    return colons == 1 && strcmp(text, "]") == 0;
}

bool criu_has_checkpoint(const struct checkpoint_options *o)
{
    cleanup_free char *inventory = format_string("%s/inventory.img", o->directory);

    return inventory && access(inventory, F_OK) == 0;
}

int criu_check_networks(const struct container *c, const struct config *config, struct error *err)
{
    int r = criu_check_word("the name of the container", c->name, SEPARATOR, err);

    for (size_t i = 0; r == 0 && i < config->net_count; i++) {
        const struct config_net *net = &config->nets[i];

        if (net->type == NET_IPVLAN || net->type == NET_VLAN)
            return error_text(err, ENOTSUP,
                              "cannot checkpoint %s: criu does not support the type of lxc.net.%u", c->name,
                              net->index);
        r = criu_check_word("the name of an interface", net->name, SEPARATORS_OF_DEVICES, err);
        if (r == 0)
            r = criu_check_word("the name of an interface", net->link, SEPARATORS_OF_DEVICES, err);
        if (r == 0)
            r = criu_check_word("the name of an interface", net->veth_pair, SEPARATORS_OF_DEVICES, err);
    }
    return r;
}

int criu_add_common(struct string_list *l, const struct checkpoint_options *o, const char *action,
                    bool restores)
{
    size_t count = ARRAY_LENGTH(common_options) - (restores ? DUMP_ONLY : 0);
    int r = 0;

    for (size_t i = 0; r == 0 && i < count; i++)
        r = string_list_add(l, common_options[i]);
    if (r == 0)
        r = criu_add(l, "-D", strdup(o->directory));
    if (r == 0)
        r = criu_add(l, "-o", format_string("%s/%s.log", o->directory, action));
    if (r == 0 && o->script)
        r = criu_add(l, "--action-script", strdup(o->script));
    if (r == 0 && o->verbose)
        r = string_list_add(l, "-vvvvvv");
    return r;
}
