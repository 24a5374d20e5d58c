#include "fetch/registry/image_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/encoding/json_read.h"
#include "fetch/registry/manifest.h"

void image_config_free(struct image_config *c)
{
    free(c->architecture);
    free(c->os);
    free(c->variant);
    free(c->created);
    string_list_clear(&c->entrypoint);
    string_list_clear(&c->command);
    string_list_clear(&c->environment);
    free(c->user);
    free(c->working_directory);
    free(c->stop_signal);
    string_list_clear(&c->volumes);
    string_list_clear(&c->ports);
    for (size_t i = 0; i < c->label_count; i++) {
        free(c->labels[i].name);
        free(c->labels[i].value);
    }
    free(c->labels);
    free(c->diff_ids);
    *c = (struct image_config){0};
}

/* A text that may be missing. An empty one is as good as none. */
static int config_take_text(const struct json_value *object, const char *name, char **out)
{
    const struct json_value *value = json_get(object, name);

    if (!value)
        return 0;
    if (value->type != JSON_TEXT)
        return -EINVAL;
    if (!*value->text)
        return 0;
    *out = strdup(value->text);
    return *out ? 0 : -ENOMEM;
}

/* The names of an object's members: {"/data": {}}. */
static int config_take_names(const struct json_value *object, const char *name, struct string_list *out)
{
    const struct json_value *value = json_get(object, name);
    int r = value && value->type != JSON_OBJECT ? -EINVAL : 0;

    json_for_each(member, value)
    {
        if (r == 0)
            r = string_list_add(out, member->name);
    }
    return r;
}

static int config_take_labels(const struct json_value *object, struct image_config *out)
{
    const struct json_value *labels = json_get(object, "Labels");

    if (!labels)
        return 0;
    if (labels->type != JSON_OBJECT)
        return -EINVAL;
    out->labels = calloc(labels->count ? labels->count : 1, sizeof(*out->labels));
    if (!out->labels)
        return -ENOMEM;
    json_for_each(label, labels)
    {
        struct image_label *to = &out->labels[out->label_count];

        if (label->type != JSON_TEXT)
            return -EINVAL;
        out->label_count++;
        to->name = strdup(label->name);
        to->value = strdup(label->text);
        if (!to->name || !to->value)
            return -ENOMEM;
    }
    return 0;
}

/* What of the container's process is wrong is named in *name. */
static int config_take_process(const struct json_value *c, struct image_config *out, const char **name)
{
    const struct {
        const char *name;
        char **text;
    } texts[] = {
        {"User", &out->user}, {"WorkingDir", &out->working_directory}, {"StopSignal", &out->stop_signal}};
    const struct {
        const char *name;
        struct string_list *list;
    } lists[] = {{"Entrypoint", &out->entrypoint}, {"Cmd", &out->command}, {"Env", &out->environment}},
      names[] = {{"Volumes", &out->volumes}, {"ExposedPorts", &out->ports}};
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof(texts) / sizeof(*texts); i++)
        r = config_take_text(c, *name = texts[i].name, texts[i].text);
    for (size_t i = 0; r == 0 && i < sizeof(lists) / sizeof(*lists); i++)
        r = json_text_list(json_get(c, *name = lists[i].name), lists[i].list);
    for (size_t i = 0; r == 0 && i < sizeof(names) / sizeof(*names); i++)
        r = config_take_names(c, *name = names[i].name, names[i].list);
    if (r == 0) {
        *name = "Labels";
        r = config_take_labels(c, out);
    }
    return r;
}

static int config_take_platform(const struct json_value *root, struct image_config *out, const char **name)
{
    int r = config_take_text(root, *name = "architecture", &out->architecture);

    if (r == 0)
        r = config_take_text(root, *name = "os", &out->os);
    if (r == 0)
        r = config_take_text(root, *name = "variant", &out->variant);
    return r == 0 ? config_take_text(root, *name = "created", &out->created) : r;
}

static int config_take_layers(const struct json_value *root, struct image_config *out, struct error *err)
{
    const struct json_value *list = json_get(json_get(root, "rootfs"), "diff_ids");

    if (!list || list->type != JSON_ARRAY || list->count == 0 || list->count > MANIFEST_LAYERS_MAX)
        return error_text(err, EBADMSG, "the configuration of the image has no valid list of layers");
    out->diff_ids = calloc(list->count, sizeof(*out->diff_ids));
    if (!out->diff_ids)
        return error_set(err, ENOMEM, "cannot read the configuration of the image");
    json_for_each(id, list)
    {
        int r =
            digest_parse("a layer in the configuration of the image", id->type == JSON_TEXT ? id->text : NULL,
                         &out->diff_ids[out->diff_id_count++], err);

        if (r < 0)
            return r;
    }
    return 0;
}

int image_config_parse(const void *bytes, size_t length, struct image_config *out, struct error *err)
{
    cleanup_json struct json_document *json = NULL;
    cleanup_image_config struct image_config c = {0};
    const char *name = "";
    int r = json_read("the configuration of the image", bytes, length, &json, err);

    if (r < 0)
        return r;
    if (json_root(json)->type != JSON_OBJECT)
        return error_text(err, EBADMSG, "the configuration of the image is not a JSON object");
    r = config_take_platform(json_root(json), &c, &name);
    if (r == 0)
        r = config_take_process(json_get(json_root(json), "config"), &c, &name);
    if (r == -ENOMEM)
        return error_set(err, ENOMEM, "cannot read the configuration of the image");
    if (r < 0)
        return error_text(err, EBADMSG, "the configuration of the image has an invalid \"%s\"", name);
    r = config_take_layers(json_root(json), &c, err);
    if (r < 0)
        return r;
    *out = c;
    c = (struct image_config){0};
    return 0;
}
