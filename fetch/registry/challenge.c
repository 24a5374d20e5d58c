#include "fetch/registry/challenge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"

#define BLANK " \t"
#define TOKEN "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

void challenge_free(struct challenge *c)
{
    free(c->realm);
    free(c->service);
    free(c->scope);
    *c = (struct challenge){0};
}

/* A token or a quoted string at *at, which is moved behind it. NULL: there is neither, or out of memory. */
static char *challenge_take_value(const char **at)
{
    const char *p = *at;
    size_t length = 0;
    char *out;

    if (*p != '"') {
        length = strspn(p, TOKEN "/=");
        *at = p + length;
        return length ? strndup(p, length) : NULL;
    }
    out = malloc(strlen(++p) + 1);
    for (; out && *p && *p != '"'; p++) {
        if (*p == '\\' && p[1])
            p++;
        out[length++] = *p;
    }
    if (!out || *p != '"') {
        free(out);
        return NULL;
    }
    out[length] = '\0';
    *at = p + 1;
    return out;
}

static void challenge_set(struct challenge *c, const char *name, size_t length, char **value)
{
    const struct {
        const char *name;
        char **to;
    } parameters[] = {{"realm", &c->realm}, {"service", &c->service}, {"scope", &c->scope}};

    for (size_t i = 0; i < ARRAY_LENGTH(parameters); i++) {
        if (strlen(parameters[i].name) == length && strncasecmp(name, parameters[i].name, length) == 0 &&
            !*parameters[i].to) {
            *parameters[i].to = *value;
            *value = NULL;
        }
    }
}

/* NAME = VALUE. `name` is before the '='. */
static int challenge_take_parameter(struct challenge *c, bool bearer, const char *name, size_t length,
                                    const char **at)
{
    cleanup_free char *value = NULL;

    *at += 1 + strspn(*at + 1, BLANK);
    value = challenge_take_value(at);
    if (!value)
        return -EPROTO;
    if (bearer)
        challenge_set(c, name, length, &value);
    return 0;
}

int challenge_parse(const char *at, struct challenge *c)
{
    bool bearer = false;

    for (;;) {
        size_t length;
        const char *name;
        int r;

        at += strspn(at, BLANK ",");
        if (!*at)
            return 0;
        name = at;
        length = strspn(at, TOKEN);
        if (length == 0)
            return -EPROTO;
        at += length;
        at += strspn(at, BLANK);
        if (*at == '=') {
            r = challenge_take_parameter(c, bearer, name, length, &at);
            if (r < 0)
                return r;
            continue;
        }
        bearer = length == strlen("bearer") && strncasecmp(name, "bearer", length) == 0;
        c->bearer |= bearer;
        c->basic |= length == strlen("basic") && strncasecmp(name, "basic", length) == 0;
    }
}
