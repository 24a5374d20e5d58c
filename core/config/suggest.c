/* Suggesting an existing key for a misspelt one. */
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/nearest.h"
#include "core/config/keys.h"

static const char *key_nearest(const struct key *table, const char *name)
{
    struct nearest n = {.name = name};

    for (const struct key *k = table; k->name; k++)
        nearest_offer(&n, k->name);
    return n.best;
}

char *key_suggest(const char *name)
{
    const char *best, *subkey;

    if (starts_with(name, "lxc.net.")) {
        subkey = name + strlen("lxc.net.");
        subkey += strspn(subkey, "0123456789");
        best = *subkey == '.' ? key_nearest(net_keys, subkey + 1) : NULL;
        return best ? format_string("%.*s%s", (int)(subkey + 1 - name), name, best) : NULL;
    }
    best = key_nearest(config_keys, name);
    return best ? strdup(best) : NULL;
}
