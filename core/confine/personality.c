#include "core/confine/personality.h"

#include <errno.h>
#include <sys/personality.h>

#include "core/config/architecture.h"

int personality_set(const char *arch, struct error *err)
{
    int domain = arch ? architecture_parse(arch) : 0;

    if (!arch)
        return 0;
    if (domain < 0)
        return error_text(err, EINVAL, "lxc.arch: \"%s\" is not a known architecture", arch);
    if (personality((unsigned long)domain) < 0)
        return error_set(err, errno, "cannot set the personality for lxc.arch = %s", arch);
    return 0;
}
