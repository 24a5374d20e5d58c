#include "applets/oci_image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/progress.h"
#include "applets/unpack_place.h"
#include "core/base/cleanup.h"
#include "core/encoding/json.h"
#include "core/storage/image_store.h"
#include "core/storage/template_oci.h"

const struct option_row oci_image_table[] = {
    OPT_STRING(0, "arch", "ARCH", struct oci_image_options, arch, "the architecture (this machine's)"),
    OPT_STRING(0, "variant", "VARIANT", struct oci_image_options, variant,
               "of the architecture, for example v6"),
    OPT_STRING(0, "entrypoint", "PROGRAM", struct oci_image_options, entrypoint,
               "run this instead of the image's Entrypoint and Cmd"),
    OPT_STRING(0, "user", "USER[:GROUP]", struct oci_image_options, user, "run as this user of the image"),
    OPT_LIST('e', "env", "NAME=VALUE", struct oci_image_options, environment, "add to the environment"),
    OPT_STRING(0, "username", "USER", struct oci_image_options, username, "the user name for the registry"),
    OPT_STRING(0, "password", "PASSWORD", struct oci_image_options, password,
               "the password; visible to other users while the command runs"),
    OPT_FLAG(0, "password-stdin", struct oci_image_options, password_stdin,
             "read the password from standard input"),
    OPT_STRING(0, "pull", "WHEN", struct oci_image_options, pull,
               "changed: ask what the tag stands for now; always, missing, never (changed)"),
    OPT_FLAG(0, "no-cache", struct oci_image_options, no_cache, "neither use nor fill the image cache"),
    OPT_STRING(0, "registry-mirror", "SERVER", struct oci_image_options, mirror,
               "ask this server instead of the registry; it gets no password"),
    OPT_STRING(0, "ca-file", "FILE", struct oci_image_options, ca_file,
               "trust these certificate authorities (SSL_CERT_FILE, else built in)"),
    OPT_STRING(0, "tls-verify", "BOOL", struct oci_image_options, tls_verify,
               "false: accept any certificate of the registry (true)"),
    OPT_FLAG(0, "plain-http", struct oci_image_options, plain_http, "use http:// without encryption"),
    OPT_END,
};

const struct option_row oci_template_table[] = {
    OPT_STRING(
        'u', "url", "IMAGE", struct oci_image_options, url,
        "docker://[HOST[:PORT]/]NAME[:TAG|@DIGEST], oci:DIR[:TAG], oci-archive:FILE or docker-archive:FILE"),
    OPT_FLAG(0, "dhcp", struct oci_image_options, dhcp, NULL),
    OPT_GROUP_ROWS(oci_image_table),
    OPT_END,
};

static int options_read_policy(struct oci_image_options *o, struct error *err)
{
    static const char *const names[] = {"changed", "always", "missing", "never"};

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (!o->pull || strcmp(o->pull, names[i]) == 0) {
            o->policy = (enum pull_policy)i;
            return 0;
        }
    }
    error_text(err, EINVAL, "--pull does not know \"%.60s\"", o->pull);
    return error_remedy(err, "use changed, always, missing or never");
}

static int password_read(struct oci_image_options *o, struct error *err)
{
    cleanup_free char *line = NULL;
    size_t room = 0;
    ssize_t n;

    setvbuf(stdin, NULL, _IONBF, 0); /* what follows the line may be for a command */
    n = getline(&line, &room, stdin);

    while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
        line[--n] = '\0';
    if (n <= 0)
        return error_text(err, EINVAL, "there is no password on standard input");
    o->credentials.password = strdup(line);
    explicit_bzero(line, (size_t)n);
    return o->credentials.password ? 0 : error_set(err, ENOMEM, "cannot read the password");
}

static int credentials_read(struct oci_image_options *o, struct error *err)
{
    int r;

    if ((o->password || o->password_stdin) && !o->username)
        return error_text(err, EINVAL, "a password requires --username");
    if (o->reference.kind != REFERENCE_REGISTRY)
        return 0;
    if (!o->username) {
        r = credentials_load(o->reference.host, o->reference.path, &o->credentials, err);
        return r < 0 ? r : 0;
    }
    o->credentials.user = strdup(o->username);
    if (!o->credentials.user)
        return error_set(err, ENOMEM, "cannot read the user name");
    if (o->password_stdin)
        return password_read(o, err);
    if (!o->password) {
        error_text(err, EINVAL, "--username requires a password");
        return error_remedy(err, "give --password-stdin, and the password on standard input");
    }
    o->credentials.password = strdup(o->password);
    return o->credentials.password ? 0 : error_set(err, ENOMEM, "cannot read the password");
}

int oci_image_prepare(struct oci_image_options *o, struct error *err)
{
    int r;

    if (!o->url) {
        error_text(err, EINVAL, "no image named");
        return error_remedy(err, "give --url docker://NAME[:TAG] after \"--\"");
    }
    if (o->tls_verify && strcmp(o->tls_verify, "true") != 0 && strcmp(o->tls_verify, "false") != 0)
        return error_text(err, EINVAL, "--tls-verify requires true or false");
    o->any_certificate = o->tls_verify && strcmp(o->tls_verify, "false") == 0;
    r = options_read_policy(o, err);
    if (r == 0)
        r = reference_parse(o->url, &o->reference, err);
    return r == 0 ? credentials_read(o, err) : r;
}

/* The layers go from the downloads to the rootfs, one unpacker after the other. */
struct unpacking {
    const struct pull *pull;
    int rootfs_fd;
    struct unpack_options options;
    struct unpack *unpack; /* of the current layer */
    struct unpack_result total;
};

static int layer_begin(void *context, size_t layer, struct error *err)
{
    struct unpacking *u = context;

    u->options.layer = true;
    u->options.sum = true;
    (void)layer;
    return unpack_start(u->rootfs_fd, &u->options, &u->unpack, err);
}

static int layer_feed(void *context, const void *bytes, size_t length, struct error *err)
{
    struct unpacking *u = context;

    return unpack_feed(u->unpack, bytes, length, err);
}

static int layer_end(void *context, size_t layer, struct error *err)
{
    struct unpacking *u = context;
    struct unpack_result result;
    struct unpack *unpack = take_ptr(u->unpack);
    const struct digest *wanted = &pull_config(u->pull)->diff_ids[layer];
    struct digest is;
    int r = unpack_finish(unpack, &result, err);

    if (r < 0)
        return error_context(err, "layer %zu", layer + 1);
    is = digest_of_sum(result.sum);
    if (!digest_equal(&is, wanted))
        return error_text(err, EBADMSG, "layer %zu unpacks to the digest %s instead of %s", layer + 1,
                          is.text, wanted->text);
    u->total.entries += result.entries;
    u->total.devices_skipped += result.devices_skipped;
    u->total.xattrs_skipped += result.xattrs_skipped;
    return 0;
}

/* What a process that makes a shared tree needs. */
struct sharing {
    struct pull *pull;
    struct unpacking *unpacking;
};

static int image_unpack_layers(void *context, int rootfs_fd, struct error *err)
{
    const struct sharing *s = context;
    struct unpacking *u = s->unpacking;
    const struct pull_sink sink = {u, layer_begin, layer_feed, layer_end};
    int r;

    u->pull = s->pull;
    u->rootfs_fd = rootfs_fd;
    r = pull_layers(s->pull, NULL, &sink, err);
    unpack_cancel(u->unpack);
    return r;
}

/* The name of a chain of layers. Source: OCI image specification 1.1, config.md, "Layer ChainID". */
static struct digest chain_digest(const struct image_config *c)
{
    struct digest chain = {""};
    char pair[2 * sizeof(chain.text) + 1];

    for (size_t i = 0; i < c->diff_id_count; i++) {
        int n = snprintf(pair, sizeof(pair), "%s %s", chain.text, c->diff_ids[i].text);

        chain = i == 0 ? c->diff_ids[0] : digest_of_bytes(pair, (size_t)n);
    }
    return chain;
}

static int image_unpack(struct pull *pull, struct create_place *place, struct unpacking *u, struct error *err)
{
    cleanup_free struct unpack_id_range *ranges = calloc(place->config->idmap_count + 1, sizeof(*ranges));
    struct sharing sharing = {pull, u};
    struct digest chain = chain_digest(pull_config(pull));

    if (!ranges)
        return error_set(err, ENOMEM, "cannot unpack the image");
    u->options = unpack_place(place->config, ranges);
    if (!place->overlay)
        return image_unpack_layers(&sharing, place->rootfs_fd, err);
    if (!chain.text[0])
        return error_text(err, ENOTSUP, "the image has no layers that containers could share");
    return image_store_attach(place, digest_hex(&chain), image_unpack_layers, &sharing, err);
}

/* Labels and digests, for people and programs that want to know what the container was made of. */
static int image_json_write(const struct oci_image_options *o, const struct pull *pull, struct strbuf *out)
{
    const struct image_config *c = pull_config(pull);
    cleanup_free char *name = reference_text(&o->reference);
    cleanup_strbuf struct strbuf flat = STRBUF_INIT;
    int r = name ? json_open(&flat, NULL, '{') : -ENOMEM;

    if (r == 0)
        r = json_string(&flat, "image", name);
    if (r == 0)
        r = json_string(&flat, "digest", pull_tag_digest(pull)->text);
    if (r == 0)
        r = json_string(&flat, "manifest", pull_manifest_digest(pull)->text);
    if (r == 0)
        r = json_string(&flat, "architecture", c->architecture);
    if (r == 0)
        r = json_string(&flat, "created", c->created);
    if (r == 0)
        r = json_open(&flat, "labels", '{');
    for (size_t i = 0; r == 0 && i < c->label_count; i++)
        r = json_string(&flat, c->labels[i].name, c->labels[i].value);
    if (r == 0)
        r = json_close(&flat, '}');
    if (r == 0)
        r = json_close(&flat, '}');
    if (r == 0)
        r = json_indent(out, strbuf_text(&flat));
    return r;
}

static int list_append(struct string_list *to, const struct string_list *from)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < from->count; i++)
        r = string_list_add(to, from->items[i]);
    return r;
}

/* Entrypoint and Cmd, with what the user gave instead. --entrypoint clears Cmd, too. */
static int command_compose(const struct oci_image_options *o, char **argv, const struct image_config *c,
                           struct string_list *out)
{
    int r = o->entrypoint ? string_list_add(out, o->entrypoint) : list_append(out, &c->entrypoint);

    if (r == 0 && argv && *argv) {
        for (; r == 0 && *argv; argv++)
            r = string_list_add(out, *argv);
        return r;
    }
    return r == 0 && !o->entrypoint ? list_append(out, &c->command) : r;
}

/* The image's variables, replaced by those of the user with the same names. */
static int environment_compose(const struct oci_image_options *o, const struct image_config *c,
                               struct string_list *out)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < c->environment.count; i++) {
        const char *variable = c->environment.items[i];
        size_t name = strcspn(variable, "=");
        bool replaced = false;

        for (size_t j = 0; j < o->environment.count; j++)
            replaced |=
                strncmp(o->environment.items[j], variable, name) == 0 && o->environment.items[j][name] == '=';
        if (!replaced)
            r = string_list_add(out, variable);
    }
    return r == 0 ? list_append(out, &o->environment) : r;
}

static int image_configure(const struct oci_image_options *o, char **argv, const struct pull *pull,
                           struct create_place *place, struct string_list *notes, struct error *err)
{
    const struct image_config *c = pull_config(pull);
    cleanup_string_list struct string_list command = {0}, environment = {0};
    cleanup_strbuf struct strbuf json = STRBUF_INIT;
    struct template_oci image = {.command = &command,
                                 .environment = &environment,
                                 .user = o->user ? o->user : c->user,
                                 .working_directory = c->working_directory,
                                 .stop_signal = c->stop_signal,
                                 .volumes = &c->volumes,
                                 .ports = &c->ports,
                                 .image_json = &json};

    if (command_compose(o, argv, c, &command) < 0 || environment_compose(o, c, &environment) < 0 ||
        image_json_write(o, pull, &json) < 0)
        return error_set(err, ENOMEM, "cannot write the configuration of the image");
    return template_oci(place, &image, notes, err);
}

static void image_report(const struct create_place *place, const struct unpacking *u,
                         const struct string_list *notes, const struct oci_image_output *to)
{
    for (size_t i = 0; i < notes->count; i++)
        fprintf(stderr, "%s: %s: %s\n", to->applet, place->container->name, notes->items[i]);
    if (to->progress && u->total.xattrs_skipped)
        fprintf(to->progress, "%llu extended attributes could not be set on this file system\n",
                (unsigned long long)u->total.xattrs_skipped);
}

int oci_image_fill(const struct oci_image_options *o, char **argv, const struct oci_image_output *to,
                   struct create_place *place, struct error *err)
{
    cleanup_pull struct pull *pull = NULL;
    cleanup_string_list struct string_list notes = {0};
    struct unpacking u = {0};
    struct pull_request request = {
        .reference = &o->reference,
        .policy = o->policy,
        .no_cache = o->no_cache,
        .registry = {.credentials = &o->credentials,
                     .mirror = o->mirror,
                     .plain_http = o->plain_http,
                     .http = {.ca_file = o->ca_file, .any_certificate = o->any_certificate}}};
    int r;

    request.platform.architecture = platform_architecture(o->arch, &request.platform.variant);
    if (o->variant)
        request.platform.variant = o->variant;
    if (to->progress)
        request.events = progress_events(to->progress);
    r = pull_open(&request, &pull, err);
    if (r == 0)
        r = image_unpack(pull, place, &u, err);
    if (r == 0)
        r = image_configure(o, argv, pull, place, &notes, err);
    if (r == 0)
        image_report(place, &u, &notes, to);
    return r;
}
