/*
 * Suggesting a name for a misspelt one: of those that are offered, the nearest is kept. Like this:
 *
 *     struct nearest n = {.name = word};
 *     for (each candidate)
 *         nearest_offer(&n, candidate);
 *     if (n.best) ...
 */
#ifndef LXCBOX_CORE_CONFIG_SUGGEST_H
#define LXCBOX_CORE_CONFIG_SUGGEST_H

#include <stddef.h>

struct nearest {
    const char *name; /* the misspelt one */
    const char
        *best;    /* the first of the nearest candidates, owned by who offered it; NULL: none is similar */
    size_t edits; /* between the two */
};

/*
 * Keep `candidate` if it is nearer than those before: at most two letters inserted, deleted, changed or
 * exchanged with the next, and fewer than half of the letters of the name. Names of more than 40 bytes are
 * not compared.
 */
void nearest_offer(struct nearest *n, const char *candidate);

#endif
