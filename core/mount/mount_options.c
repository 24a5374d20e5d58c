#include "core/mount/mount_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"

#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1 << 25)
#endif

/* mount(8), "FILESYSTEM-INDEPENDENT MOUNT OPTIONS". */
static const struct {
    const char *name;
    unsigned long set, clear;
} words[] = {
    {"defaults", 0, 0},
    {"ro", MS_RDONLY, 0},
    {"rw", 0, MS_RDONLY},
    {"nosuid", MS_NOSUID, 0},
    {"suid", 0, MS_NOSUID},
    {"nodev", MS_NODEV, 0},
    {"dev", 0, MS_NODEV},
    {"noexec", MS_NOEXEC, 0},
    {"exec", 0, MS_NOEXEC},
    {"noatime", MS_NOATIME, 0},
    {"atime", 0, MS_NOATIME},
    {"nodiratime", MS_NODIRATIME, 0},
    {"diratime", 0, MS_NODIRATIME},
    {"relatime", MS_RELATIME, 0},
    {"norelatime", 0, MS_RELATIME},
    {"strictatime", MS_STRICTATIME, 0},
    {"nostrictatime", 0, MS_STRICTATIME},
    {"lazytime", MS_LAZYTIME, 0},
    {"nolazytime", 0, MS_LAZYTIME},
    {"sync", MS_SYNCHRONOUS, 0},
    {"async", 0, MS_SYNCHRONOUS},
    {"dirsync", MS_DIRSYNC, 0},
    {"mand", MS_MANDLOCK, 0},
    {"nomand", 0, MS_MANDLOCK},
    {"nosymfollow", MOUNT_NOSYMFOLLOW, 0},
    {"symfollow", 0, MOUNT_NOSYMFOLLOW},
    {"remount", MS_REMOUNT, 0},
    {"move", MS_MOVE, 0},
    {"bind", MS_BIND, 0},
    {"rbind", MS_BIND | MS_REC, 0},
};

/* mount(8), "Shared subtree operations". */
static const struct {
    const char *name;
    unsigned long flags;
} propagations[] = {
    {"private", MS_PRIVATE},       {"rprivate", MS_PRIVATE | MS_REC},
    {"shared", MS_SHARED},         {"rshared", MS_SHARED | MS_REC},
    {"slave", MS_SLAVE},           {"rslave", MS_SLAVE | MS_REC},
    {"unbindable", MS_UNBINDABLE}, {"runbindable", MS_UNBINDABLE | MS_REC},
};

/*
 * Options for programs that read an fstab, such as "mount -a"; not options of the kernel. An entry that ends
 * in '=' accepts any value; any text can follow x- and X-.
 */
static const char *const fstab_words[] = {
    "none",    "auto",  "noauto",   "nofail",     "user",    "nouser",   "users",
    "nousers", "owner", "noowner",  "group",      "nogroup", "_netdev",  "loop",
    "silent",  "loud",  "iversion", "noiversion", "comment", "comment=",
};

static bool mount_options_is_fstab_word(const char *word)
{
    if (starts_with(word, "x-") || starts_with(word, "X-"))
        return true;
    for (size_t i = 0; i < ARRAY_LENGTH(fstab_words); i++) {
        bool prefix = ends_with(fstab_words[i], "=");

        if (prefix ? starts_with(word, fstab_words[i]) : strcmp(word, fstab_words[i]) == 0)
            return true;
    }
    return false;
}

void mount_options_free(struct mount_options *o)
{
    free(o->data);
    free(o->idmap);
    *o = (struct mount_options){0};
}

/* Parse one word of an option list; an unknown word is passed to the file system. */
static int mount_options_parse_word(const char *word, struct mount_options *o, struct strbuf *data,
                                    struct error *err)
{
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (strcmp(word, words[i].name) == 0) {
            o->flags = (o->flags | words[i].set) & ~words[i].clear;
            o->cleared = (o->cleared | words[i].clear) & ~words[i].set;
            return 0;
        }
    }
    for (size_t i = 0; i < ARRAY_LENGTH(propagations); i++) {
        if (strcmp(word, propagations[i].name) == 0) {
            o->propagation = propagations[i].flags;
            return 0;
        }
    }
    if (mount_options_is_fstab_word(word))
        return 0;
    if (strcmp(word, "optional") == 0) {
        o->optional = true;
    } else if (strcmp(word, "create=dir") == 0) {
        o->create_dir = true;
    } else if (strcmp(word, "create=file") == 0) {
        o->create_file = true;
    } else if (strcmp(word, "relative") == 0) {
        o->relative = true;
    } else if (starts_with(word, "create=")) {
        error_text(err, EINVAL, "mount option \"%s\" creates neither a file nor a directory", word);
        return error_remedy(err, "write create=dir or create=file");
    } else if (starts_with(word, "idmap=")) {
        if (!word[strlen("idmap=")]) {
            error_text(err, EINVAL, "mount option \"idmap=\" requires a user namespace");
            return error_remedy(err, "write idmap=container, or idmap=/proc/PID/ns/user");
        }
        free(o->idmap);
        o->idmap = strdup(word + strlen("idmap="));
        return o->idmap ? 0 : error_set(err, ENOMEM, "cannot read mount options");
    } else if (strbuf_printf(data, "%s%s", data->length ? "," : "", word) < 0) {
        return error_set(err, ENOMEM, "cannot read mount options");
    }
    return 0;
}

int mount_options_parse(const char *text, struct mount_options *out, struct error *err)
{
    cleanup_free char *copy = strdup(text ? text : "");
    cleanup_strbuf struct strbuf data = STRBUF_INIT;
    cleanup_mount_options struct mount_options o = {0};
    char *rest = copy, *word;

    if (!copy)
        return error_set(err, ENOMEM, "cannot read mount options");
    while ((word = strsep(&rest, ","))) {
        int r = *word ? mount_options_parse_word(word, &o, &data, err) : 0;
        if (r < 0)
            return r;
    }
    if (o.create_dir && o.create_file)
        return error_text(err, EINVAL, "mount options create=dir and create=file exclude each other");
    if (o.flags & MS_MOVE && o.flags & (MS_BIND | MS_REMOUNT))
        return error_text(err, EINVAL, "mount option move and bind, rbind or remount exclude each other");
    o.data = strbuf_take(&data);
    if (!o.data)
        return error_set(err, ENOMEM, "cannot read mount options");
    *out = o;
    o = (struct mount_options){0};
    return 0;
}
