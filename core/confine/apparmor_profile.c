#include "core/confine/apparmor_profile.h"

#include <ctype.h>
#include <string.h>

#include "core/base/cleanup.h"

/* The longest name that the label files of the kernel and LXC accept. */
#define NAME_MAX_LENGTH 246

char *apparmor_profile_name(const struct container *c)
{
    cleanup_free char *name = format_string("lxc-%s_<%s>", c->name, c->lxcpath);
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */
    bool plain = name && !strstr(name, "//");

    for (const char *p = name; p && *p; p++) {
        plain = plain && (isalnum((unsigned char)*p) || strchr("-_./+=<>", *p));
        hash = (hash ^ (unsigned char)*p) * 0x100000001b3;
    }
    if (name && (!plain || strlen(name) > NAME_MAX_LENGTH))
        return format_string("%016llx", (unsigned long long)hash);
    return take_ptr(name);
}

void apparmor_namespace_name(char *profile_name)
{
    for (char *p = profile_name; *p; p++)
        if (*p == '/')
            *p = '-';
}

/*
 * Write the alternatives of a pattern for every path except `words` and the paths beneath them: rules have no
 * exceptions. For "net" and "new": [^n]*, n[^e]*, ne[^tw]*, net?*, new?*. Words are sorted by prefix and
 * share their first `depth` bytes; a word that ends in '*' means files, and paths beneath them match.
 */
static int profile_add_alternatives(struct strbuf *out, const char *const *words, size_t count, size_t depth)
{
    const char *comma = depth ? "," : "";
    int stem = (int)depth, r;
    char next[16];
    size_t n = 0;

    if (words[0][depth] == '\0')
        return strbuf_printf(out, ",%s?*", words[0]);
    if (words[0][depth] == '*')
        return strbuf_printf(out, ",%s/*", words[0]);
    for (size_t i = 0; i < count; i++)
        if (n == 0 || next[n - 1] != words[i][depth])
            next[n++] = words[i][depth];
    r = strbuf_printf(out, "%s%.*s[^%.*s]*", comma, stem, words[0], (int)n, next);
    for (size_t i = 0, end; r == 0 && i < count; i = end) {
        for (end = i + 1; end < count && words[end][depth] == words[i][depth];)
            end++;
        r = profile_add_alternatives(out, words + i, end - i, depth + 1);
    }
    return r;
}

/* Write a rule, between `before` and `after`, for every path except the words. */
static int profile_add_except(struct strbuf *out, const char *before, const char *const *words, size_t count,
                              const char *after)
{
    int r = strbuf_printf(out, "%s{", before);

    if (r == 0)
        r = profile_add_alternatives(out, words, count, 0);
    return r < 0 ? r : strbuf_printf(out, "}{,/**}%s,\n", after);
}

/*
 * Rules for files of the host, and for files in which only settings of the container's namespaces may change.
 */
static int profile_add_files(struct strbuf *out, const char *space, const struct config *c)
{
    static const char *const binfmt[] = {"binfmt_misc"};
    static const char *const sysctls[] = {
        "fs/binfmt_misc",
        "kernel/domainname",
        "kernel/hostname",
        "kernel/msg*",
        "kernel/sem*",
        "kernel/shm*",
        "net",
    };
    static const char *const sys[] = {"class/net", "devices/virtual/net", "fs/cgroup",
                                      "kernel/security/apparmor"};
    int r = strbuf_puts(out, "deny /proc/{bus/**,sys/fs?*{,/**}} wklx,\n"
                             "deny /proc/{kcore,sysrq-trigger,acpi/**} rwklx,\n"
                             "deny /sys/firmware/efi/efivars/** rwklx,\n"
                             "deny /sys/kernel/debug/{,**} rwklx,\n");

    if (r == 0)
        r = profile_add_except(out, "deny /proc/sys/fs/", binfmt, 1, " wklx");
    if (r == 0 && !c->idmap_count)
        r = strbuf_puts(out, "deny /proc/sys/fs/binfmt_misc/{,**} wklx,\n");
    if (r < 0 || c->apparmor_allow_nesting)
        return r;
    r = profile_add_except(out, "deny /proc/sys/", sysctls, ARRAY_LENGTH(sysctls), " wklx");
    /*
     * Policy loaded from a policy namespace applies only in it. Without one, hide the kernel's directories.
     */
    if (r == 0)
        r = profile_add_except(out, "deny /sys/", sys, ARRAY_LENGTH(sys) - !space, " wklx");
    return r < 0 || space ? r : strbuf_puts(out, "deny /sys/kernel{,/**} rwklx,\n");
}

/* Allow bind, move and read-only remounts for all paths except those of the kernel and of devices. */
static int profile_add_binds(struct strbuf *out)
{
    static const char *const kernels[] = {"dev/.lxc", "proc", "sys"};
    static const char *const kernels_and_devices[] = {"dev", "proc", "sys"};
    static const char *const flags[] = {",nodev", ",nosuid", ",noexec"};
    static const char *const times[] = {"", ",noatime", ",strictatime"};
    int r = profile_add_except(out, "mount options=(rw,bind) /", kernels, 3, "");

    if (r == 0)
        r = profile_add_except(out, "mount options=(rw,rbind) /", kernels_and_devices, 3, "");
    if (r == 0)
        r = profile_add_except(out, "mount options=(rw,move) /", kernels, 3, "");
    /* Options are matched as a whole set: each combination is a rule. */
    for (unsigned set = 0; r == 0 && set < 8 * ARRAY_LENGTH(times); set++) {
        char before[96];

        snprintf(before, sizeof(before), "mount options=(ro,remount,bind%s%s%s%s) -> /",
                 set & 1 ? flags[0] : "", set & 2 ? flags[1] : "", set & 4 ? flags[2] : "", times[set / 8]);
        r = profile_add_except(out, before, kernels, 3, "");
    }
    return r;
}

#define PROPAGATION(how)                                                                                     \
    "mount options=(rw,make-" how ") -> /{,**},\nmount options=(rw,make-r" how ") -> /{,**},\n"

static const char base[] =
    "capability,\n"
    "dbus,\n"
    "file,\n"
    "network,\n"
    "umount,\n"
    "signal (receive),\n"
    "signal peer=@{profile_name},\n"
    "ptrace (readby, tracedby),\n"
    "ptrace peer=@{profile_name},\n"
    "unix (receive),\n"
    "unix peer=(label=@{profile_name}),\n"
    "deny mount options=(ro,remount) -> /,\n"
    "deny mount options=(ro,remount,silent) -> /,\n"
    "deny mount fstype=debugfs -> /var/lib/ureadahead/debugfs/,\n"
    "mount fstype=tmpfs,\n"
    "mount fstype=hugetlbfs,\n"
    "mount fstype=mqueue,\n"
    "mount fstype=fuse,\n"
    "mount fstype=fuse.*,\n"
    "mount fstype=binfmt_misc -> /proc/sys/fs/binfmt_misc/,\n"
    "mount fstype=efivarfs -> /sys/firmware/efi/efivars/,\n"
    "mount fstype=fusectl -> /sys/fs/fuse/connections/,\n"
    "mount fstype=securityfs -> /sys/kernel/security/,\n"
    "mount fstype=debugfs -> /sys/kernel/debug/,\n"
    "mount fstype=proc -> /proc/,\n"
    "mount fstype=sysfs -> /sys/,\n"
    "mount fstype=cgroup -> /sys/fs/cgroup/**,\n"
    "mount fstype=cgroup2 -> /sys/fs/cgroup/**,\n"
    "mount options=(rw,nosuid,nodev,noexec,remount) -> /sys/,\n"
    "mount options=(ro,nosuid,nodev,noexec,remount,strictatime) -> /sys/fs/cgroup/,\n" PROPAGATION("slave")
        PROPAGATION("shared") PROPAGATION("private") PROPAGATION("unbindable");

/* Nested containers may mount anything, except to bypass the read-only covers of lxc.mount.auto. */
static const char nesting[] = "pivot_root,\n"
                              "ptrace,\n"
                              "signal,\n"
                              "deny /dev/.lxc/{proc,sys}/** rw,\n"
                              "mount,\n";

/* The kernel already restricts the mounts of root in a user namespace. */
static const char with_idmap[] = "pivot_root,\n"
                                 "mount fstype=binfmt_misc,\n"
                                 "mount options=(rw,bind),\n"
                                 "mount options=(rw,rbind),\n"
                                 "mount options=(ro,remount),\n";

int apparmor_profile_text(struct strbuf *out, const char *name, const char *space, const struct config *c)
{
    /* The variables are for the lines of lxc.apparmor.raw; the generated rules do not use them. */
    int r = strbuf_printf(out, "%sprofile \"%s\" flags=(attach_disconnected,mediate_deleted) {\n%s",
                          c->apparmor_raw.count ? "#include <tunables/global>\n" : "", name, base);

    if (r == 0)
        r = profile_add_files(out, space, c);
    if (r == 0)
        r = profile_add_binds(out);
    if (r == 0 && space)
        r = strbuf_printf(out, "change_profile -> \":%s:*\",\nchange_profile -> \":%s://*\",\n", space,
                          space);
    if (r == 0 && c->apparmor_allow_nesting)
        r = strbuf_puts(out, nesting);
    if (r == 0 && c->apparmor_allow_nesting && !space)
        r = strbuf_printf(out, "change_profile -> \"%s\",\n", name);
    /*
     * Older compilers treat a rule for remounting binds also as a rule for binding from any source
     * (CVE-2016-1585); a deny rule is not affected.
     */
    if (r == 0 && !c->apparmor_allow_nesting && !c->idmap_count)
        r = strbuf_puts(out, "deny mount options=(rw,bind) /{proc,sys}{,/**},\n"
                             "deny mount options=(rw,rbind) /{proc,sys}{,/**},\n");
    if (r == 0 && c->idmap_count)
        r = strbuf_puts(out, with_idmap);
    for (size_t i = 0; r == 0 && i < c->apparmor_raw.count; i++)
        r = strbuf_printf(out, "%s\n", c->apparmor_raw.items[i]);
    return r < 0 ? r : strbuf_puts(out, "}\n");
}
