#include "core/base/nearest.h"

#include <string.h>

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
