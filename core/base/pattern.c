#include "core/base/pattern.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* More than a list of names needs; limits the memory to a few MB. */
enum { LENGTH_MAX = 4096, STATES_MAX = 1 << 16 };

/*
 * The C library expands a repetition into copies. This counts the worst case, in which all repetitions are
 * nested.
 */
static bool pattern_is_bounded(const char *text)
{
    unsigned long states = strlen(text) + 1;

    if (states > LENGTH_MAX)
        return false;
    for (const char *at = text; (at = strchr(at, '{'));) {
        unsigned long most = 1;

        for (at++; isdigit((unsigned char)*at) || *at == ','; at++) {
            unsigned long count = strtoul(at, NULL, 10);

            most = count > most ? count : most;
        }
        if (most > STATES_MAX / states)
            return false;
        states *= most;
    }
    return true;
}

int pattern_compile(regex_t *x, const char *text, struct error *err)
{
    char reason[128] = "it is too large";
    int r = pattern_is_bounded(text) ? regcomp(x, text, REG_EXTENDED | REG_NOSUB) : REG_ESPACE;

    if (r == 0)
        return 0;
    if (r != REG_ESPACE)
        regerror(r, x, reason, sizeof(reason));
    memset(x, 0, sizeof(*x));
    return error_text(err, EINVAL, "\"%.200s%s\" is not an extended regular expression: %s", text,
                      strlen(text) > 200 ? "..." : "", reason);
}
