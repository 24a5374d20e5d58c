#include "core/config/load.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"

static int config_define(struct config *config, const char *assignment, struct error *err)
{
    cleanup_free char *key = strdup(assignment);
    char *value = key ? strchr(key, '=') : NULL;

    if (!value) {
        error_text(err, EINVAL, "\"%s\" is not of the form KEY=VALUE", assignment);
        return error_remedy(err, "for example lxc.uts.name=test");
    }
    *value++ = '\0';
    for (char *end = key + strlen(key); end > key && end[-1] == ' ';)
        *--end = '\0';
    return config_set(config, key, value + strspn(value, " "), "command line", err);
}

int config_load(const struct container *c, const struct config_source *source, struct config *out,
                struct error *err)
{
    cleanup_free char *file = container_config_path(c);
    int r = 0;

    if (!file)
        return error_set(err, ENOMEM, "cannot read the configuration of %s", c->name);
    if (c->rcfile || access(file, F_OK) == 0) {
        r = config_read_file(out, file, err);
    } else if (!source->missing_ok) {
        return container_absent(c, "create it with lxc-create, or name a configuration with -f", err);
    }
    for (size_t i = 0; r == 0 && source->defines && i < source->defines->count; i++)
        r = config_define(out, source->defines->items[i], err);
    return r < 0 ? r : log_configure(out->log_file, out->log_level, out->log_syslog, err);
}
