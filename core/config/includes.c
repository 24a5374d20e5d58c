#include "core/config/includes.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "core/base/cleanup.h"

/* A file of core/config/include as the bytes from NAME to NAME_end. */
#define EMBED(symbol, file)                                                                                  \
    __asm__(".pushsection .rodata." #symbol ", \"a\"\n"                                                      \
            ".hidden " #symbol "\n"                                                                          \
            ".globl " #symbol "\n" #symbol ":\n"                                                             \
            ".incbin \"core/config/include/" file "\"\n"                                                     \
            ".hidden " #symbol "_end\n"                                                                      \
            ".globl " #symbol "_end\n" #symbol "_end:\n"                                                     \
            ".byte 0\n.popsection\n");                                                                       \
    extern const char symbol[], symbol##_end[]

EMBED(include_common, "common.conf");
EMBED(include_userns, "userns.conf");
EMBED(include_nesting, "nesting.conf");
EMBED(include_seccomp, "common.seccomp");
EMBED(include_alpine, "alpine.common.conf");
EMBED(include_archlinux, "archlinux.common.conf");
EMBED(include_centos, "centos.common.conf");
EMBED(include_debian, "debian.common.conf");
EMBED(include_fedora, "fedora.common.conf");
EMBED(include_gentoo, "gentoo.common.conf");
EMBED(include_gentoo_secure, "gentoo.moresecure.conf");
EMBED(include_openwrt, "openwrt.common.conf");
EMBED(include_plamo, "plamo.common.conf");
EMBED(include_slackware, "slackware.common.conf");
EMBED(include_ubuntu, "ubuntu.common.conf");
EMBED(include_ubuntu_userns, "ubuntu.userns.conf");

struct file {
    const char *name, *start, *end;
};

/*
 * For any other distribution, DISTRIBUTION.common.conf is common.conf and DISTRIBUTION.userns.conf is
 * userns.conf.
 */
static const struct file files[] = {
    {"common.conf", include_common, include_common_end},
    {"userns.conf", include_userns, include_userns_end},
    {"nesting.conf", include_nesting, include_nesting_end},
    {"common.seccomp", include_seccomp, include_seccomp_end},
    {"oci.common.conf", include_seccomp_end, include_seccomp_end}, /* empty in LXC too */
    {"alpine.common.conf", include_alpine, include_alpine_end},
    {"archlinux.common.conf", include_archlinux, include_archlinux_end},
    {"centos.common.conf", include_centos, include_centos_end},
    {"debian.common.conf", include_debian, include_debian_end},
    {"devuan.common.conf", include_debian, include_debian_end},
    {"fedora.common.conf", include_fedora, include_fedora_end},
    {"gentoo.common.conf", include_gentoo, include_gentoo_end},
    {"gentoo.moresecure.conf", include_gentoo_secure, include_gentoo_secure_end},
    {"kali.common.conf", include_debian, include_debian_end},
    {"opensuse.common.conf", include_centos, include_centos_end},
    {"openwrt.common.conf", include_openwrt, include_openwrt_end},
    {"oracle.common.conf", include_centos, include_centos_end},
    {"plamo.common.conf", include_plamo, include_plamo_end},
    {"slackware.common.conf", include_slackware, include_slackware_end},
    {"sparclinux.common.conf", include_centos, include_centos_end},
    {"ubuntu-cloud.common.conf", include_ubuntu, include_ubuntu_end},
    {"ubuntu.common.conf", include_ubuntu, include_ubuntu_end},
    {"ubuntu-cloud.userns.conf", include_ubuntu_userns, include_ubuntu_userns_end},
    {"ubuntu.userns.conf", include_ubuntu_userns, include_ubuntu_userns_end},
};

const char *config_builtin(const char *name, size_t *length)
{
    const struct file *f = NULL;

    for (size_t i = 0; !f && i < ARRAY_LENGTH(files); i++)
        if (strcmp(files[i].name, name) == 0)
            f = &files[i];
    if (!f && !strchr(name, '/'))
        f = ends_with(name, ".common.conf") ? &files[0] : ends_with(name, ".userns.conf") ? &files[1] : NULL;
    if (!f)
        return NULL;
    *length = (size_t)(f->end - f->start);
    return f->start;
}

bool config_builtin_has(const char *key, const char *value)
{
    cleanup_free char *line = format_string(*value ? "%s = %s\n" : "%s =\n", key, value);
    size_t length = line ? strlen(line) : 0;

    for (size_t i = 0; line && i < ARRAY_LENGTH(files); i++) {
        const char *at = files[i].start;

        if (!ends_with(files[i].name, "common.conf"))
            continue;
        for (; (at = memmem(at, (size_t)(files[i].end - at), line, length)); at++)
            if (at == files[i].start || at[-1] == '\n')
                return true;
    }
    return false;
}

static int include_is_conf(const struct dirent *d)
{
    return strlen(d->d_name) > strlen(".conf") && ends_with(d->d_name, ".conf");
}

int config_include_files(const char *directory, struct string_list *out)
{
    const char *slash = ends_with(directory, "/") ? "" : "/";
    struct dirent **entries;
    int count = scandir(directory, &entries, include_is_conf, alphasort), r = 0;

    if (count < 0)
        return -errno;
    for (int i = 0; i < count; i++) {
        if (r == 0)
            r = string_list_take(out, format_string("%s%s%s", directory, slash, entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
    return r;
}
