#include <errno.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/storage/create.h"

#define HOOK_FOLDER   "/usr/share/lxc/hooks"
#define CONFIG_FOLDER "/usr/share/lxc/config"

int create_replace(const struct create_place *place, const char *text, struct strbuf *out)
{
    const struct container *c = place->container;
    cleanup_free char *path = container_path(c, NULL);
    const struct {
        const char *word, *value;
    } words[] = {{"LXC_NAME", c->name},
                 {"LXC_PATH", path},
                 {"LXC_ROOTFS", place->rootfs},
                 {"LXC_TEMPLATE_CONFIG", CONFIG_FOLDER},
                 {"LXC_HOOK_DIR", HOOK_FOLDER}};

    if (!path)
        return -ENOMEM;
    while (*text) {
        const char *next = strstr(text, "LXC_");
        size_t skip = next ? (size_t)(next - text) : strlen(text), i;

        if (strbuf_add(out, text, skip) < 0)
            return -ENOMEM;
        text += skip;
        for (i = 0; *text && i < ARRAY_LENGTH(words); i++)
            if (words[i].value && starts_with(text, words[i].word))
                break;
        if (*text && i == ARRAY_LENGTH(words)) {
            if (strbuf_add(out, text++, 1) < 0)
                return -ENOMEM;
        } else if (*text) {
            if (strbuf_puts(out, words[i].value) < 0)
                return -ENOMEM;
            text += strlen(words[i].word);
        }
    }
    return 0;
}

/* The key of a line, and where its value begins; NULL for a comment or an empty line. */
static const char *line_key(const char *line, size_t length, size_t *key_length, const char **value)
{
    const char *end = line + length, *equal;

    while (line < end && (*line == ' ' || *line == '\t'))
        line++;
    equal = memchr(line, '=', (size_t)(end - line));
    if (line == end || *line == '#' || !equal)
        return NULL;
    *value = equal + 1;
    while (equal > line && (equal[-1] == ' ' || equal[-1] == '\t'))
        equal--;
    *key_length = (size_t)(equal - line);
    return line;
}

int create_split(const char *text, struct strbuf *own, struct strbuf *network)
{
    while (*text) {
        size_t length = strcspn(text, "\n"), key_length;
        const char *value;
        const char *key = line_key(text, length, &key_length, &value);
        bool is_network =
            key && key_length >= 7 && strncmp(key, "lxc.net", 7) == 0 && (key_length == 7 || key[7] == '.');
        struct strbuf *part = is_network ? network : own;

        if (strbuf_add(part, text, length) < 0 || strbuf_puts(part, "\n") < 0)
            return -ENOMEM;
        text += length + (text[length] == '\n');
    }
    return 0;
}

static int add_part(struct strbuf *out, const char *title, const struct strbuf *part)
{
    const char *text = strbuf_text(part);

    while (*text == '\n')
        text++;
    if (!*text)
        return 0;
    return strbuf_printf(out, "\n# %s\n%s%s", title, text, ends_with(text, "\n") ? "" : "\n");
}

int create_compose(const struct create_place *place, const struct create_options *o, struct strbuf *out)
{
    if (strbuf_printf(out,
                      "# Container %s, made by lxc-create from the template \"%s\".\n"
                      "# lxc.container.conf(5) explains the keys.\n",
                      place->container->name, o->template_name) < 0 ||
        add_part(out, "The distribution's part", &place->distribution) < 0 ||
        add_part(out, "The container's own part", &place->own) < 0 ||
        add_part(out, "Its network", &place->network) < 0)
        return -ENOMEM;
    return 0;
}
