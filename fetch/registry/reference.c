#include "fetch/registry/reference.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"

#define NAME_MAX_LENGTH 255
#define TAG_MAX_LENGTH  128
#define LOWER           "abcdefghijklmnopqrstuvwxyz"
#define DIGITS          "0123456789"
#define LETTERS         LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const struct {
    const char *prefix;
    enum reference_kind kind;
} reference_kinds[] = {
    {"docker://", REFERENCE_REGISTRY},
    {"oci:", REFERENCE_LAYOUT},
    {"oci-archive:", REFERENCE_OCI_ARCHIVE},
    {"docker-archive:", REFERENCE_DOCKER_ARCHIVE},
};

void reference_free(struct reference *r)
{
    free(r->host);
    free(r->path);
    free(r->tag);
    *r = (struct reference){0};
}

/* [A-Za-z0-9_][A-Za-z0-9._-]{0,127} */
static bool reference_is_tag(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length <= TAG_MAX_LENGTH && text[0] != '.' && text[0] != '-' &&
           strspn(text, LETTERS DIGITS "._-") == length;
}

/* One part of a path: words of [a-z0-9]+, separated by ".", "_", "__" or any number of "-". */
static bool reference_is_component(const char *text, size_t length)
{
    size_t at = 0;

    for (;;) {
        size_t word = strspn(text + at, LOWER DIGITS), dashes;

        if (word == 0 || at + word > length)
            return false;
        at += word;
        if (at == length)
            return true;
        dashes = strspn(text + at, "-");
        if (dashes)
            at += dashes;
        else if (text[at] == '.')
            at++;
        else if (text[at] == '_')
            at += text[at + 1] == '_' ? 2 : 1;
        else
            return false;
    }
}

static bool reference_is_path(const char *path)
{
    if (strlen(path) > NAME_MAX_LENGTH)
        return false;
    for (;;) {
        size_t length = strcspn(path, "/");

        if (!reference_is_component(path, length))
            return false;
        if (!path[length])
            return true;
        path += length + 1;
    }
}

/* The first part of a name is a host if it has a '.' or ':', or is "localhost", or has an upper-case letter.
 */
static bool reference_begins_with_host(const char *text, size_t length)
{
    if (text[length] != '/')
        return false;
    for (size_t i = 0; i < length; i++)
        if (strchr(".:ABCDEFGHIJKLMNOPQRSTUVWXYZ[", text[i]))
            return true;
    return length == strlen("localhost") && strncmp(text, "localhost", length) == 0;
}

static bool reference_is_host(const char *host)
{
    const char *end = host;
    int64_t port;

    if (*end == '[') {
        end += 1 + strspn(end + 1, DIGITS "abcdefABCDEF:.");
        if (*end++ != ']')
            return false;
    } else {
        if (*end == '-' || *end == '.')
            return false;
        end += strspn(end, LETTERS DIGITS ".-");
    }
    if (end == host || end - host > NAME_MAX_LENGTH)
        return false;
    return !*end || (*end == ':' && end[1] >= '0' && end[1] <= '9' &&
                     parse_int64(end + 1, 10, 1, UINT16_MAX, &port) == 0);
}

static int reference_refuse(const char *text, const char *what, struct error *err)
{
    error_text(err, EINVAL, "the image name \"%.200s\" has no valid %s", text, what);
    return error_remedy(err, "write docker://[HOST[:PORT]/]NAME[:TAG][@sha256:DIGITS], names in lower case");
}

/* Cut a digest and then a tag from the end of `rest`. */
static int reference_cut_registry_tail(const char *text, char *rest, struct reference *r, struct error *err)
{
    char *at = strchr(rest, '@'), *colon;
    int code;

    if (at) {
        *at++ = '\0';
        code = digest_parse("the image name", at, &r->digest, err);
        if (code < 0)
            return code;
    }
    colon = strrchr(rest, ':');
    if (colon && !strchr(colon, '/')) {
        *colon++ = '\0';
        if (!reference_is_tag(colon))
            return reference_refuse(text, "tag", err);
        r->tag = strdup(colon);
    } else if (!at) {
        r->tag = strdup("latest");
    }
    return r->tag || at ? 0 : error_set(err, ENOMEM, "cannot read the name of an image");
}

static int reference_parse_registry(const char *text, const char *name, struct reference *r,
                                    struct error *err)
{
    cleanup_free char *copy = strdup(name);
    char *rest = copy;
    size_t first = strcspn(name, "/");
    int code;

    if (!copy)
        return error_set(err, ENOMEM, "cannot read the name of an image");
    if (reference_begins_with_host(name, first)) {
        copy[first] = '\0';
        rest = copy + first + 1;
        if (!reference_is_host(copy))
            return reference_refuse(text, "host", err);
        r->host = strdup(strcmp(copy, "index.docker.io") == 0 ? REFERENCE_DOCKER_HOST : copy);
    } else {
        r->host = strdup(REFERENCE_DOCKER_HOST);
    }
    code = reference_cut_registry_tail(text, rest, r, err);
    if (code < 0)
        return code;
    if (!r->host)
        return error_set(err, ENOMEM, "cannot read the name of an image");
    r->path = strcmp(r->host, REFERENCE_DOCKER_HOST) == 0 && !strchr(rest, '/')
                  ? format_string("library/%s", rest)
                  : strdup(rest);
    if (!r->path)
        return error_set(err, ENOMEM, "cannot read the name of an image");
    return reference_is_path(r->path) ? 0 : reference_refuse(text, "name", err);
}

/* PATH[:TAG]. The path ends at the first ':', as for skopeo. */
static int reference_parse_file(const char *text, const char *name, struct reference *r, struct error *err)
{
    const char *colon = strchr(name, ':');
    size_t length = colon ? (size_t)(colon - name) : strlen(name);

    if (length == 0 ||
        (colon && (!colon[1] || text_has_control(colon + 1) || strlen(colon + 1) > NAME_MAX_LENGTH))) {
        error_text(err, EINVAL, "the image name \"%.200s\" has no valid %s", text, length ? "tag" : "path");
        return error_remedy(
            err, "write oci:DIRECTORY[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:NAME:TAG]");
    }
    r->path = strndup(name, length);
    r->tag = colon ? strdup(colon + 1) : NULL;
    return r->path && (r->tag || !colon) ? 0 : error_set(err, ENOMEM, "cannot read the name of an image");
}

int reference_parse(const char *text, struct reference *out, struct error *err)
{
    cleanup_reference struct reference r = {0};

    for (size_t i = 0; i < sizeof(reference_kinds) / sizeof(*reference_kinds); i++) {
        const char *name = text + strlen(reference_kinds[i].prefix);
        int code;

        if (!starts_with(text, reference_kinds[i].prefix))
            continue;
        r.kind = reference_kinds[i].kind;
        code = r.kind == REFERENCE_REGISTRY ? reference_parse_registry(text, name, &r, err)
                                            : reference_parse_file(text, name, &r, err);
        if (code < 0)
            return code;
        *out = r;
        r = (struct reference){0};
        return 0;
    }
    error_text(err, EINVAL, "\"%.200s\" does not say where the image is", text);
    return error_remedy(
        err, "write docker://%.100s for a registry; oci:, oci-archive: and docker-archive: are for files",
        text);
}

char *reference_text(const struct reference *r)
{
    const char *prefix = reference_kinds[r->kind].prefix, *tag = r->tag ? r->tag : "";

    return format_string("%s%s%s%s%s%s%s%s", prefix, r->host ? r->host : "", r->host ? "/" : "", r->path,
                         *tag ? ":" : "", tag, r->digest.text[0] ? "@" : "", r->digest.text);
}
