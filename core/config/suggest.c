/* Suggesting a name for a misspelt one. */
#include "core/config/suggest.h"

#include <string.h>

#include "core/base/cleanup.h"
#include "core/config/keys.h"

#define NAME_MAX_LENGTH 40
#define EDITS_MAX       2

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: the Levenshtein distance where exchanging two neighbours is one edit as well. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t length = strlen(b), rows[3][NAME_MAX_LENGTH + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2], *oldest;

    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        oldest = before;
        before = above;
        above = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            row[j] = smaller(smaller(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
    }
    return row[length];
}

void nearest_offer(struct nearest *n, const char *candidate)
{
    size_t length = strlen(n->name), edits;

    if (length > NAME_MAX_LENGTH || strlen(candidate) > NAME_MAX_LENGTH)
        return;
    edits = edit_distance(n->name, candidate);
    if (edits > EDITS_MAX || edits * 2 >= length || (n->best && edits >= n->edits))
        return;
    n->best = candidate;
    n->edits = edits;
}

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
