#include "core/confine/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/config/capability.h"

static uint64_t caps_known(void)
{
    return UINT64_MAX >> (63 - capability_last());
}

static int caps_list_mask(const struct string_list *list, const char *key, uint64_t *mask, struct error *err)
{
    *mask = 0;
    for (size_t i = 0; i < list->count; i++) {
        int number = capability_parse(list->items[i]);
        if (number < 0) {
            error_text(err, EINVAL, "%s: \"%s\" is not a capability", key, list->items[i]);
            return error_remedy(err, "see capabilities(7); omit \"CAP_\"");
        }
        *mask |= UINT64_C(1) << number;
    }
    return 0;
}

int caps_mask(const struct config *c, uint64_t *mask, struct error *err)
{
    uint64_t named;
    int r;

    if (c->has_cap_keep && c->cap_drop.count) {
        error_text(err, EINVAL, "lxc.cap.drop and lxc.cap.keep exclude each other");
        return error_remedy(err, "clear one of them: \"lxc.cap.drop =\"");
    }
    r = c->has_cap_keep ? caps_list_mask(&c->cap_keep, "lxc.cap.keep", &named, err)
                        : caps_list_mask(&c->cap_drop, "lxc.cap.drop", &named, err);
    if (r == 0)
        *mask = caps_known() & (c->has_cap_keep ? named : ~named);
    return r;
}

bool caps_has(const struct config *c, int number)
{
    uint64_t mask;

    return caps_mask(c, &mask, NULL) == 0 && (mask >> number & 1);
}

/* Empty the inheritable set; capget(2). */
static int caps_clear_inheritable(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    if (syscall(SYS_capget, &header, data) < 0)
        return -errno;
    data[0].inheritable = data[1].inheritable = 0;
    return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int caps_limit(uint64_t keep, struct error *err)
{
    int r;

    for (int number = 0, last = capability_last(); number <= last; number++) {
        if (keep >> number & 1 || prctl(PR_CAPBSET_READ, number) == 0)
            continue;
        if (prctl(PR_CAPBSET_DROP, number) < 0)
            return error_set(err, errno, "cannot drop capability %s",
                             capability_name(number) ? capability_name(number) : "of an unknown name");
    }
    /* Ambient capabilities came with kernel 4.3. */
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0L, 0L, 0L) < 0 && errno != EINVAL)
        return error_set(err, errno, "cannot clear the ambient capabilities");
    r = caps_clear_inheritable();
    return r < 0 ? error_set(err, r, "cannot clear the inheritable capabilities") : 0;
}

int caps_apply(const struct config *c, struct error *err)
{
    uint64_t mask;
    int r = caps_mask(c, &mask, err);

    return r < 0 ? r : caps_limit(mask, err);
}
