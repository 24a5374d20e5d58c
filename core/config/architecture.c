#include "core/config/architecture.h"

#include <errno.h>
#include <string.h>
#include <sys/personality.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"

/* The names that LXC accepts for lxc.arch, by word size. */
static const char *const narrow[] = {"arm",  "armel",   "armhf", "armv7l",  "athlon", "i386",
                                     "i486", "i586",    "i686",  "linux32", "mips",   "mipsel",
                                     "ppc",  "powerpc", "x86",   "x32",     "riscv32"};
static const char *const wide[] = {"amd64",   "arm64",    "aarch64", "linux64", "loong64", "loongarch64",
                                   "mips64",  "mips64el", "ppc64",   "ppc64el", "ppc64le", "powerpc64",
                                   "riscv64", "s390x",    "sparc64", "x86_64"};

int architecture_parse(const char *arch)
{
    for (size_t i = 0; i < ARRAY_LENGTH(narrow); i++)
        if (strcmp(arch, narrow[i]) == 0)
            return PER_LINUX32;
    for (size_t i = 0; i < ARRAY_LENGTH(wide); i++)
        if (strcmp(arch, wide[i]) == 0)
            return PER_LINUX;
    return -EINVAL;
}

/*
 * The families of machines differ in their first letters: "ar", "aa"; "am", "at", "i", "x" for x86; "s3",
 * "sp".
 */
static char machine_kind(const char *name)
{
    if (starts_with(name, "am") || starts_with(name, "at") || *name == 'i')
        return 'x';
    return *name == 's' ? name[1] : *name;
}

static bool machine_is_little_endian(const char *name)
{
    return ends_with(name, "el") || ends_with(name, "le");
}

bool architecture_runs_on(const char *arch, const char *machine)
{
    char kind = machine_kind(machine);
    bool generic = starts_with(arch, "linux");

    if (architecture_parse(arch) == PER_LINUX && architecture_parse(machine) != PER_LINUX)
        return false;
    /* uname(2) does not report the byte order of a MIPS machine. */
    return generic || (machine_kind(arch) == kind &&
                       (kind != 'p' || machine_is_little_endian(arch) == machine_is_little_endian(machine)));
}
