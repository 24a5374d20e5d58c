#include "fetch/registry/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/encoding/base64.h"
#include "core/base/cleanup.h"
#include "core/encoding/json_read.h"
#include "fetch/registry/challenge.h"

#define TOKEN_SIZE_MAX   ((size_t)64 << 10)
#define ERROR_SIZE_MAX   ((size_t)16 << 10)
#define TAGS_SIZE_MAX    ((size_t)4 << 20)
#define TAGS_PAGES_MAX   64
#define WAIT_DEFAULT_S   10
#define WAIT_MAX_S       120
#define WAITS_MAX        3
#define DOCKER_REGISTRY  "registry-1.docker.io"
#define DOCKER_AUTH_HOST "auth.docker.io"

struct registry {
    const struct registry_options *options;
    struct http *http;
    struct url base;     /* https://HOST/v2/NAME */
    char *host;          /* as the user wrote it, for errors */
    bool mirror;         /* `base` is that of the mirror: no credentials */
    char *authorization; /* NULL: none is needed so far */
};

void registry_close(struct registry **registry)
{
    struct registry *r = *registry;

    if (!r)
        return;
    http_free(&r->http);
    url_free(&r->base);
    free(r->host);
    text_erase(&r->authorization);
    free(r);
    *registry = NULL;
}

static int registry_no_memory(struct error *err)
{
    return error_set(err, ENOMEM, "cannot ask the registry");
}

static int registry_set_base(struct registry *r, struct error *err)
{
    const struct registry_options *o = r->options;
    const char *host = o->mirror ? o->mirror : o->reference->host;
    cleanup_url struct url server = {0};
    cleanup_free char *text = NULL, *below = NULL;
    int code;

    if (strcmp(host, REFERENCE_DOCKER_HOST) == 0)
        host = DOCKER_REGISTRY;
    text =
        strstr(host, "://") ? strdup(host) : format_string("%s://%s", o->plain_http ? "http" : "https", host);
    below = format_string("v2/%s", o->reference->path);
    if (!text || !below)
        return registry_no_memory(err);
    code = url_parse(o->mirror ? "--registry-mirror" : "the registry", text, &server, err);
    if (code < 0)
        return code;
    r->mirror = o->mirror != NULL;
    r->host = url_authority(&server);
    return r->host ? url_below(&server, below, &r->base, err) : registry_no_memory(err);
}

int registry_open(const struct registry_options *options, struct registry **out, struct error *err)
{
    cleanup_registry struct registry *r = calloc(1, sizeof(*r));
    int code;

    if (!r)
        return registry_no_memory(err);
    r->options = options;
    code = registry_set_base(r, err);
    if (code == 0)
        code = http_new(&options->http, &r->http, err);
    if (code < 0)
        return code;
    *out = r;
    r = NULL;
    return 0;
}

static bool host_is_below(const char *host, const char *domain)
{
    size_t length = strlen(host), end = strlen(domain);

    return length > end && host[length - end - 1] == '.' && strcmp(host + length - end, domain) == 0;
}

bool registry_trusts_realm(const char *host, const char *realm_host)
{
    const char *domain = starts_with(host, "registry.") ? host + strlen("registry.") : NULL;

    if (strcmp(host, realm_host) == 0 || host_is_below(realm_host, host))
        return true;
    if (strcmp(host, DOCKER_REGISTRY) == 0 && strcmp(realm_host, DOCKER_AUTH_HOST) == 0)
        return true;
    return domain && strchr(domain, '.') &&
           (strcmp(realm_host, domain) == 0 || host_is_below(realm_host, domain));
}

/* "Basic ..." of the user's name and password; NULL: there are none, or out of memory. */
static char *credentials_basic(const struct credentials *c)
{
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    cleanup_free char *pair =
        c && c->user && c->password ? format_string("%s:%s", c->user, c->password) : NULL;
    bool good = pair && strbuf_puts(&out, "Basic ") == 0 && base64_encode(pair, strlen(pair), &out) == 0;

    if (pair)
        explicit_bzero(pair, strlen(pair));
    return good ? strbuf_take(&out) : NULL;
}

/* Append "NAME=VALUE", the value percent-encoded (RFC 3986 2.3), with '&' before it if it is not the first.
 */
static int form_add(struct strbuf *form, const char *name, const char *value)
{
    int r = strbuf_printf(form, "%s%s=", form->length ? "&" : "", name);

    for (; r == 0 && *value; value++) {
        bool plain =
            strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", *value) != NULL;

        r = strbuf_printf(form, plain ? "%c" : "%%%02X", plain ? *value : (unsigned char)*value);
    }
    return r;
}

/* The body of a response, at most `max` bytes. */
static int body_read(struct http_file *f, size_t max, const char *what, struct strbuf *out, struct error *err)
{
    int r = http_read_rest(f, max, out, err);

    return r == -EFBIG ? error_text(err, EFBIG, "%s is larger than %zu bytes", what, max) : r;
}

static int token_take(const struct strbuf *body, const char *server, char **authorization, struct error *err)
{
    cleanup_json struct json_document *json = NULL;
    const char *token;
    int r = json_read("the token", strbuf_text(body), body->length, &json, err);

    if (r < 0)
        return error_context(err, "%s", server);
    token = json_get_text(json_root(json), "token");
    if (!token)
        token = json_get_text(json_root(json), "access_token");
    if (!token || !*token || text_has_control(token))
        return error_text(err, EPROTO, "%s sent no token", server);
    *authorization = format_string("Bearer %s", token);
    return *authorization ? 0 : registry_no_memory(err);
}

/* What the server of tokens is asked with: a form for POST with a refresh token, else a query. */
static int token_question(const struct registry *r, const struct challenge *c, const struct credentials *user,
                          struct strbuf *out)
{
    bool refresh = user && user->identity_token;
    cleanup_free char *scope =
        c->scope ? NULL : format_string("repository:%s:pull", r->options->reference->path);
    int code = c->service ? form_add(out, "service", c->service) : 0;

    if (!c->scope && !scope)
        return -ENOMEM;
    if (code == 0)
        code = form_add(out, "scope", c->scope ? c->scope : scope);
    if (refresh && code == 0)
        code = form_add(out, "grant_type", "refresh_token");
    if (refresh && code == 0)
        code = form_add(out, "client_id", "lxcbox");
    if (refresh && code == 0)
        code = form_add(out, "refresh_token", user->identity_token);
    return code;
}

static int token_request(struct registry *r, const struct url *realm, const struct challenge *c,
                         const struct credentials *user, struct error *err)
{
    cleanup_strbuf struct strbuf question = STRBUF_INIT, body = STRBUF_INIT;
    cleanup_http_file struct http_file f = {0};
    cleanup_url struct url u = {0};
    struct http_request request = {.any_status = true};
    char *basic = NULL;
    int code = token_question(r, c, user, &question);

    if (code == 0)
        code = url_copy(realm, &u);
    if (code == 0 && user && user->identity_token) {
        request.form = strbuf_text(&question);
    } else if (code == 0) {
        char *path = format_string("%s%c%s", u.path, strchr(u.path, '?') ? '&' : '?', strbuf_text(&question));

        free(u.path);
        u.path = path;
        request.authorization = basic = credentials_basic(user);
        code = path && (basic || !user) ? 0 : -ENOMEM;
    }
    code = code < 0 ? registry_no_memory(err) : http_send(r->http, &u, &request, &f, err);
    text_erase(&basic);
    if (question.length)
        explicit_bzero(question.text, question.length);
    if (code < 0)
        return code;
    if (f.head->status / 100 == 4) {
        error_text(err, EACCES, "%s refuses to give access to %s (status %d)", u.host,
                   r->options->reference->path, f.head->status);
        return error_remedy(
            err, user ? "check the user name and the password"
                      : "check the name of the image; a private image needs --username and --password-stdin");
    }
    code = body_read(&f, TOKEN_SIZE_MAX, "the token", &body, err);
    return code < 0 ? code : token_take(&body, u.host, &r->authorization, err);
}

static int registry_get_token(struct registry *r, const struct challenge *c, const struct credentials *user,
                              struct error *err)
{
    cleanup_url struct url realm = {0};
    int code = c->realm && strstr(c->realm, "://")
                   ? url_parse("the registry's server of tokens", c->realm, &realm, err)
                   : error_text(err, EPROTO, "%s does not say where to get a token", r->host);

    if (code < 0)
        return code;
    if (r->base.https && !realm.https)
        return error_text(err, EPROTO,
                          "%s wants a token to be fetched from http://%s, which is not protected", r->host,
                          realm.host);
    if (user && !registry_trusts_realm(r->base.host, realm.host)) {
        error_text(err, EACCES, "%s wants the password to be sent to %s, another host", r->host, realm.host);
        return error_remedy(
            err, "leave out the user name for a public image; else name the registry by another address");
    }
    return token_request(r, &realm, c, user, err);
}

/* After a status of 401: log in as the registry wants it. */
static int registry_log_in(struct registry *r, const char *challenges, struct error *err)
{
    cleanup_challenge struct challenge c = {0};
    const struct credentials *user = r->mirror ? NULL : r->options->credentials;
    int code = challenges ? challenge_parse(challenges, &c) : -EPROTO;

    if (user && !user->user && !user->identity_token)
        user = NULL;
    text_erase(&r->authorization);
    if (code == -ENOMEM)
        return registry_no_memory(err);
    if (code == 0 && c.bearer)
        return registry_get_token(r, &c, user, err);
    if (code < 0 || !c.basic)
        return error_text(err, EPROTO, "%s wants a kind of login that is not supported", r->host);
    if (!user || !user->user) {
        error_text(err, EACCES, "%s requires a user name and a password", r->host);
        return error_remedy(err,
                            "give --username and --password-stdin, or log in with podman or docker before");
    }
    r->authorization = credentials_basic(user);
    return r->authorization ? 0 : registry_no_memory(err);
}

/* The first message in the body of an error: {"errors": [{"code": ..., "message": ...}]}. */
static void registry_add_message(struct http_file *f, struct error *err)
{
    cleanup_json struct json_document *json = NULL;
    cleanup_strbuf struct strbuf body = STRBUF_INIT;
    const struct json_value *errors;
    const char *message;

    if (body_read(f, ERROR_SIZE_MAX, "it", &body, NULL) < 0 ||
        json_read("it", strbuf_text(&body), body.length, &json, NULL) < 0)
        return;
    errors = json_get(json_root(json), "errors");
    message = errors && errors->type == JSON_ARRAY ? json_get_text(errors->first, "message") : NULL;
    if (message && strlen(err->text) + strlen(message) + 3 < sizeof(err->text)) {
        strcat(err->text, ": ");
        strcat(err->text, message);
    }
}

static int registry_explain(struct registry *r, struct http_file *f, const char *what, struct error *err)
{
    int status = f->head->status;

    if (status == 404 || status == 410)
        error_text(err, ENOENT, "%s does not exist in %s on %s", what, r->options->reference->path, r->host);
    else if (status == 401 || status == 403)
        error_text(err, EACCES, "%s denies access to %s in %s", r->host, what, r->options->reference->path);
    else if (status == 429)
        error_text(err, EREMOTEIO, "%s limits the number of downloads", r->host);
    else
        error_text(err, EPROTO, "%s responded with status %d for %s", r->host, status, what);
    if (err)
        registry_add_message(f, err);
    if (status == 401 || status == 403)
        return error_remedy(err, "check the name; a private image needs --username and --password-stdin");
    if (status == 429)
        return error_remedy(err, "try again later, log in with --username, or use --registry-mirror");
    return error_remedy(err, "check the name of the image");
}

/* Status 429: wait as long as the registry says. Returns false if that is too long. */
static bool registry_wait(struct registry *r, const char *retry_after)
{
    int64_t seconds = WAIT_DEFAULT_S;
    cleanup_free char *sentence = NULL;

    if (retry_after && parse_int64(retry_after, 10, 0, INT64_MAX, &seconds) < 0)
        seconds = WAIT_DEFAULT_S; /* a date: not worth a parser */
    if (seconds > WAIT_MAX_S)
        return false;
    sentence =
        format_string("%s limits the number of downloads: waiting for %lld s", r->host, (long long)seconds);
    if (sentence && r->options->status)
        r->options->status(r->options->context, sentence);
    nanosleep(&(struct timespec){seconds, 0}, NULL);
    return true;
}

/*
 * Request `below` of the repository; log in where the registry wants it, also when a token has expired.
 * `what` is the name of the thing for errors.
 */
static int registry_request(struct registry *r, const struct url *u, const char *what,
                            struct http_request request, struct http_file *out, struct error *err)
{
    bool logged_in = false;

    request.any_status = true;
    for (int waits = 0;;) {
        int code;

        request.authorization = r->authorization;
        code = http_send(r->http, u, &request, out, err);
        if (code < 0)
            return code;
        if (out->head->status / 100 == 2)
            return 0;
        if (out->head->status == 401 && !logged_in) {
            logged_in = true;
            code = registry_log_in(r, out->head->challenges, err);
        } else if (out->head->status == 429 && waits < WAITS_MAX &&
                   registry_wait(r, out->head->retry_after)) {
            waits++;
        } else {
            code = registry_explain(r, out, what, err);
        }
        http_close(out);
        if (code < 0)
            return code;
    }
}

static int registry_url(const struct registry *r, const char *kind, const char *which, struct url *out,
                        struct error *err)
{
    cleanup_free char *below = format_string("%s/%s", kind, which);

    return below ? url_below(&r->base, below, out, err) : registry_no_memory(err);
}

int registry_resolve(struct registry *r, const char *tag, struct digest *out, struct error *err)
{
    cleanup_http_file struct http_file f = {0};
    cleanup_url struct url u = {0};
    int code = registry_url(r, "manifests", tag, &u, err);

    if (code == 0)
        code = registry_request(r, &u, tag,
                                (struct http_request){.accept = MANIFEST_ACCEPT, .head_only = true}, &f, err);
    if (code < 0 || !f.head->digest)
        return code;
    code = digest_parse(tag, f.head->digest, out, err);
    return code < 0 ? error_context(err, "%s", r->host) : 1;
}

int registry_manifest(struct registry *r, const char *which, struct strbuf *bytes, char **media_type,
                      struct digest *digest, struct error *err)
{
    cleanup_http_file struct http_file f = {0};
    cleanup_url struct url u = {0};
    struct digest wanted = {""};
    int code = registry_url(r, "manifests", which, &u, err);

    *media_type = NULL;
    if (code == 0)
        code = registry_request(r, &u, which, (struct http_request){.accept = MANIFEST_ACCEPT}, &f, err);
    if (code == 0)
        code = body_read(&f, MANIFEST_SIZE_MAX, "the manifest", bytes, err);
    if (code < 0)
        return code;
    *digest = digest_of_bytes(strbuf_text(bytes), bytes->length);
    if (strchr(which, ':') &&
        (digest_parse(which, which, &wanted, err) < 0 || !digest_equal(&wanted, digest)))
        return error_text(err, EBADMSG, "%s sent a manifest with the digest %s instead of %s", r->host,
                          digest->text, which);
    if (f.head->content_type && !(*media_type = strdup(f.head->content_type)))
        return registry_no_memory(err);
    return 0;
}

int registry_blob(struct registry *r, const struct descriptor *blob, uint64_t offset, struct http_file *out,
                  struct error *err)
{
    struct http_resume resume = {offset, NULL};
    struct http_request request = {.resume = offset ? &resume : NULL};
    cleanup_url struct url u = {0};
    int code = registry_url(r, "blobs", blob->digest.text, &u, err);

    if (code == 0)
        code = registry_request(r, &u, blob->digest.text, request, out, err);
    if (code != -ENOENT || !blob->url)
        return code;
    error_clear(err);
    url_free(&u);
    code = url_parse("the URL of a layer", blob->url, &u, err);
    if (code == 0 && r->base.https && !u.https)
        code =
            error_text(err, EPROTO, "%s has a layer at http://%s, which is not protected", r->host, u.host);
    return code < 0 ? code : http_send(r->http, &u, &request, out, err);
}

/* The next page: Link: </v2/NAME/tags/list?last=x&n=100>; rel="next". Only its query is used, so that it
 * cannot lead away. */
static int tags_next_page(const char *link, const struct url *first, struct url *u, struct error *err)
{
    const char *end = link ? strchr(link, '>') : NULL, *query = link ? strchr(link, '?') : NULL;
    char *path;

    if (!end || !strstr(end, "next") || !query || query > end)
        return 0;
    path = format_string("%s%.*s", first->path, (int)(end - query), query);
    if (!path)
        return registry_no_memory(err);
    free(u->path);
    u->path = path;
    return 1;
}

static int tags_take(const struct strbuf *body, size_t max, struct string_list *out, struct error *err)
{
    cleanup_json struct json_document *json = NULL;
    cleanup_string_list struct string_list tags = {0};
    int r = json_read("the list of tags", strbuf_text(body), body->length, &json, err);

    if (r < 0)
        return r;
    if (json_text_list(json_get(json_root(json), "tags"), &tags) < 0)
        return error_text(err, EBADMSG, "the list of tags is malformed");
    for (size_t i = 0; i < tags.count && out->count < max; i++)
        if (string_list_add(out, tags.items[i]) < 0)
            return registry_no_memory(err);
    return 0;
}

int registry_tags(struct registry *r, size_t max, struct string_list *out, struct error *err)
{
    cleanup_url struct url first = {0}, u = {0};
    int code = registry_url(r, "tags", "list", &first, err);

    if (code == 0 && url_copy(&first, &u) < 0)
        return registry_no_memory(err);
    for (int page = 0; code == 0 && page < TAGS_PAGES_MAX && out->count < max; page++) {
        cleanup_strbuf struct strbuf body = STRBUF_INIT;
        cleanup_http_file struct http_file f = {0};

        code = registry_request(r, &u, "the list of tags", (struct http_request){0}, &f, err);
        if (code == 0)
            code = body_read(&f, TAGS_SIZE_MAX, "the list of tags", &body, err);
        if (code == 0)
            code = tags_take(&body, max, out, err);
        if (code == 0)
            code = tags_next_page(f.head->link, &first, &u, err);
        if (code <= 0)
            return code;
        code = 0;
    }
    return code;
}
