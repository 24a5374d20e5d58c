#include "core/monitor/start_warnings.h"

#include <string.h>
#include <sys/utsname.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/config/architecture.h"

static void warn_of_arch(const struct config *c, const struct config_assignment *a)
{
    struct utsname ours;

    if (strcmp(a->value, c->arch) == 0 && uname(&ours) == 0 && !architecture_runs_on(c->arch, ours.machine))
        log_warn("start", "%s: lxc.arch = %s is not the architecture of this machine, which is %s", a->origin,
                 a->value, ours.machine);
}

/* The prefix length is read from the configuration, where it follows the address: "10.0.3.5/8". */
static void warn_of_prefix(const struct config *c, const struct config_assignment *a)
{
    cleanup_strbuf struct strbuf all = STRBUF_INIT;
    cleanup_free char *address = strndup(a->value, strcspn(a->value, " "));
    const char *found = NULL;
    size_t length = address ? strlen(address) : 0;

    if (!address || strchr(address, '/') || strcmp(address, "dhcp") == 0 ||
        config_get_item(c, a->key, &all) < 0)
        return;
    for (const char *at = strbuf_text(&all); !found && at; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, address, length) == 0 && at[length] == '/')
            found = at + length;
    }
    log_warn("start", "%s: %s = %s has no prefix length: %.*s is taken (write %s%s)", a->origin, a->key,
             address, found ? (int)strcspn(found, "\n") : 3, found ? found : "/64", address,
             strchr(address, ':') ? "/64" : "/24");
}

void start_warn(const struct config *c)
{
    for (size_t i = 0; i < c->assignments.count; i++) {
        const struct config_assignment *a = &c->assignments.items[i];

        if (!config_assignment_holds(c, i))
            continue;
        if (c->arch && strcmp(a->key, "lxc.arch") == 0)
            warn_of_arch(c, a);
        else if (starts_with(a->key, "lxc.net.") &&
                 (ends_with(a->key, ".ipv4.address") || ends_with(a->key, ".ipv6.address")))
            warn_of_prefix(c, a);
    }
}
