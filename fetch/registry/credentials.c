#include "fetch/registry/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/encoding/base64.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/encoding/json_read.h"
#include "core/base/str.h"
#include "fetch/registry/reference.h"

#define FILE_SIZE_MAX ((size_t)1 << 20)

void credentials_free(struct credentials *c)
{
    text_erase(&c->user);
    text_erase(&c->password);
    text_erase(&c->identity_token);
    *c = (struct credentials){0};
}

/* Old versions of docker wrote a URL as the key: "https://index.docker.io/v1/". Returns the length of what
 * counts. */
static size_t credentials_key_trim(const char **key)
{
    const char *scheme = strstr(*key, "://");
    size_t length;

    if (scheme)
        *key = scheme + 3;
    length = strlen(*key);
    if (length && (*key)[length - 1] == '/')
        length--;
    if (length > 3 &&
        (strncmp(*key + length - 3, "/v1", 3) == 0 || strncmp(*key + length - 3, "/v2", 3) == 0))
        length -= 3;
    return length;
}

/* The length of the key if the image belongs to it, else 0. */
static size_t credentials_key_match(const char *key, const char *image)
{
    size_t length = credentials_key_trim(&key), docker = strlen("index.docker.io");

    if (length == docker && strncmp(key, "index.docker.io", docker) == 0)
        key = REFERENCE_DOCKER_HOST, length = strlen(key);
    if (length == 0 || strncmp(key, image, length) != 0 || (image[length] && image[length] != '/'))
        return 0;
    return length;
}

/* The member of an object whose name suits the image best. */
static const struct json_value *credentials_best(const struct json_value *object, const char *image)
{
    const struct json_value *best = NULL;
    size_t best_length = 0;

    if (!object || object->type != JSON_OBJECT)
        return NULL;
    json_for_each(member, object)
    {
        size_t length = credentials_key_match(member->name, image);

        if (length > best_length) {
            best = member;
            best_length = length;
        }
    }
    return best;
}

static int credentials_refuse_helper(const char *file, const char *image, const char *helper,
                                     struct error *err)
{
    error_text(err, ENOTSUP,
               "%s keeps the password for %s in the program docker-credential-%.60s, which is not used", file,
               image, helper);
    return error_remedy(
        err, "give --username and --password-stdin, or name a file with the password in REGISTRY_AUTH_FILE");
}

/* "auth": base64 of "USER:PASSWORD". */
static int credentials_take_auth(const char *auth, struct credentials *out)
{
    cleanup_strbuf struct strbuf plain = STRBUF_INIT;
    int r = base64_decode(auth, &plain);
    const char *text = strbuf_text(&plain), *colon = strchr(text, ':');

    if (r == 0 && (strlen(text) != plain.length || !colon))
        r = -EINVAL;
    if (r == 0) {
        out->user = strndup(text, (size_t)(colon - text));
        out->password = strdup(colon + 1);
        r = out->user && out->password ? 0 : -ENOMEM;
    }
    if (plain.length)
        explicit_bzero(plain.text, plain.length);
    return r;
}

static int credentials_take_entry(const struct json_value *entry, struct credentials *out)
{
    const char *auth = json_get_text(entry, "auth"), *token = json_get_text(entry, "identitytoken");
    const char *user = json_get_text(entry, "username"), *password = json_get_text(entry, "password");
    int r = 0;

    if (auth && *auth) {
        r = credentials_take_auth(auth, out);
    } else if (user && password) {
        out->user = strdup(user);
        out->password = strdup(password);
        r = out->user && out->password ? 0 : -ENOMEM;
    }
    if (r == 0 && token && *token) {
        out->identity_token = strdup(token);
        r = out->identity_token ? 0 : -ENOMEM;
    }
    return r < 0 ? r : out->user || out->identity_token;
}

static int credentials_find(const char *file, const struct json_value *root, const char *image,
                            struct credentials *out, struct error *err)
{
    const struct json_value *helper = credentials_best(json_get(root, "credHelpers"), image);
    const struct json_value *entry = credentials_best(json_get(root, "auths"), image);
    const char *store = json_get_text(root, "credsStore");
    int r;

    if (helper)
        return credentials_refuse_helper(file, image, helper->type == JSON_TEXT ? helper->text : "?", err);
    if (!entry)
        return 0;
    r = credentials_take_entry(entry, out);
    if (r == 0 && store && *store) /* an empty entry: the program of credsStore has the password */
        return credentials_refuse_helper(file, image, store, err);
    if (r == -ENOMEM)
        return error_set(err, ENOMEM, "cannot read %s", file);
    if (r < 0)
        return error_text(err, EBADMSG, "the entry for %s in %s is malformed", image, file);
    return r;
}

int credentials_parse(const char *file, const void *bytes, size_t length, const char *host, const char *path,
                      struct credentials *out, struct error *err)
{
    cleanup_json struct json_document *json = NULL;
    cleanup_free char *image = format_string("%s/%s", host, path);
    int r =
        image ? json_read(file, bytes, length, &json, err) : error_set(err, ENOMEM, "cannot read %s", file);

    *out = (struct credentials){0};
    if (r == 0)
        r = credentials_find(file, json_root(json), image, out, err);
    if (r <= 0)
        credentials_free(out);
    return r;
}

static int credentials_load_file(const char *file, const char *host, const char *path,
                                 struct credentials *out, struct error *err)
{
    cleanup_free char *text = NULL;
    size_t length = 0;
    int r = file_read(AT_FDCWD, file, FILE_SIZE_MAX, &text, &length);

    if (r < 0)
        return error_set(err, r, "cannot read %s", file);
    r = credentials_parse(file, text, length, host, path, out, err);
    explicit_bzero(text, length);
    return r;
}

int credentials_load(const char *host, const char *path, struct credentials *out, struct error *err)
{
    static const struct {
        const char *variable, *below;
    } places[] = {
        {"XDG_RUNTIME_DIR", "containers/auth.json"},
        {"HOME", ".config/containers/auth.json"},
        {"HOME", ".docker/config.json"},
    };
    const char *only = getenv("REGISTRY_AUTH_FILE");

    *out = (struct credentials){0};
    if (only && *only)
        return credentials_load_file(only, host, path, out, err);
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
        const char *directory = getenv(places[i].variable);
        cleanup_free char *file =
            directory && *directory ? format_string("%s/%s", directory, places[i].below) : NULL;
        int r;

        if (!file)
            continue;
        r = credentials_load_file(file, host, path, out, err);
        if (r == -ENOENT || r == -ENOTDIR)
            error_clear(err);
        else if (r != 0)
            return r;
    }
    return 0;
}
