/* Suggesting an existing key for a misspelt one. */
#include <string.h>

#include "core/base/cleanup.h"
#include "core/config/keys.h"

#define NAME_MAX_LENGTH 40 /* longer names are not compared */
#define EDITS_MAX       2

/* The number of letters to insert, delete or change (Levenshtein distance), computed row by row. */
static size_t suggest_distance(const char *a, const char *b)
{
    uint8_t row[NAME_MAX_LENGTH + 1];
    size_t length = strlen(b);

    for (size_t j = 0; j <= length; j++)
        row[j] = (uint8_t)j;
    for (size_t i = 0; a[i]; i++) {
        uint8_t diagonal = row[0];

        row[0] = (uint8_t)(i + 1);
        for (size_t j = 0; j < length; j++) {
            uint8_t change = (uint8_t)(diagonal + (a[i] != b[j]));
            uint8_t other = (uint8_t)((row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1);

            diagonal = row[j + 1];
            row[j + 1] = change < other ? change : other;
        }
    }
    return row[length];
}

static const char *suggest_nearest(const struct key *table, const char *name)
{
    const char *best = NULL;
    size_t least = EDITS_MAX + 1;

    if (strlen(name) > NAME_MAX_LENGTH)
        return NULL;
    for (const struct key *k = table; k->name; k++) {
        size_t edits = strlen(k->name) <= NAME_MAX_LENGTH ? suggest_distance(name, k->name) : least;
        if (edits < least) {
            least = edits;
            best = k->name;
        }
    }
    return best;
}

char *key_suggest(const char *name)
{
    const char *best, *subkey;

    if (starts_with(name, "lxc.net.")) {
        subkey = name + strlen("lxc.net.");
        subkey += strspn(subkey, "0123456789");
        best = *subkey == '.' ? suggest_nearest(net_keys, subkey + 1) : NULL;
        return best ? format_string("%.*s%s", (int)(subkey + 1 - name), name, best) : NULL;
    }
    best = suggest_nearest(config_keys, name);
    return best ? strdup(best) : NULL;
}
