#include <errno.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/storage/create.h"

#define HOOK_DIRECTORY   "/usr/share/lxc/hooks"
#define CONFIG_DIRECTORY "/usr/share/lxc/config"

/* The comments of a configuration that create_compose() writes. */
#define HEADER_BEGIN       "# Container "
#define HEADER_END         ", made by lxc-create from the template \""
#define HEADER_PAGE        "# lxc.container.conf(5) explains the keys."
#define TITLE_DISTRIBUTION "# The distribution's part"
#define TITLE_OWN          "# The container's own part"
#define TITLE_NETWORK      "# Its network"

int create_replace(const struct create_place *place, const char *text, struct strbuf *out)
{
    const struct container *c = place->container;
    cleanup_free char *path = container_path(c, NULL);
    const struct {
        const char *word, *value;
    } words[] = {{"LXC_NAME", c->name},
                 {"LXC_PATH", path},
                 {"LXC_ROOTFS", place->rootfs},
                 {"LXC_TEMPLATE_CONFIG", CONFIG_DIRECTORY},
                 {"LXC_HOOK_DIR", HOOK_DIRECTORY}};

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

/* Returns the key of a line and sets the start of its value; NULL for a comment or an empty line. */
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

static bool is_line(const char *line, size_t length, const char *text)
{
    return strlen(text) == length && memcmp(line, text, length) == 0;
}

static bool is_header(const char *line, size_t length)
{
    return is_line(line, length, HEADER_PAGE) || is_line(line, length, TITLE_DISTRIBUTION) ||
           is_line(line, length, TITLE_OWN) || is_line(line, length, TITLE_NETWORK) ||
           (starts_with(line, HEADER_BEGIN) && memmem(line, length, HEADER_END, strlen(HEADER_END)));
}

int create_strip(const char *text, struct strbuf *out)
{
    bool blank = true;

    for (size_t length; *text; text += length + (text[length] == '\n')) {
        length = strcspn(text, "\n");
        if (is_header(text, length) || (length == 0 && blank))
            continue;
        blank = length == 0;
        if (strbuf_add(out, text, length) < 0 || strbuf_puts(out, "\n") < 0)
            return -ENOMEM;
    }
    return 0;
}

static bool has_line(const char *text, const char *line, size_t length)
{
    for (size_t there; *text; text += there + (text[there] == '\n')) {
        there = strcspn(text, "\n");
        if (there == length && memcmp(text, line, length) == 0)
            return true;
    }
    return false;
}

/* Keys of a default configuration that also apply to a container with its own configuration. */
static bool is_of_host(const char *key, size_t length)
{
    static const char *const keys[] = {"lxc.idmap", "lxc.include", "lxc.rootfs.path", "lxc.uts.name",
                                       "lxc.mount.fstab"};

    for (size_t i = 0; key && i < ARRAY_LENGTH(keys); i++)
        if (is_line(key, length, keys[i]))
            return true;
    return false;
}

int create_merge_own(struct strbuf *own, const char *image, bool whole)
{
    cleanup_strbuf struct strbuf kept = STRBUF_INIT;
    size_t length;

    for (const char *text = strbuf_text(own); *text; text += length + (text[length] == '\n')) {
        size_t key_length = 0;
        const char *value, *key;

        length = strcspn(text, "\n");
        key = line_key(text, length, &key_length, &value);
        if ((!whole && !is_of_host(key, key_length)) || has_line(image, text, length))
            continue;
        if (strbuf_add(&kept, text, length) < 0 || strbuf_puts(&kept, "\n") < 0)
            return -ENOMEM;
    }
    strbuf_free(own);
    *own = kept;
    kept = (struct strbuf)STRBUF_INIT;
    return 0;
}

static int add_part(struct strbuf *out, const char *title, const struct strbuf *part)
{
    const char *text = strbuf_text(part);
    size_t length;

    text += strspn(text, "\n");
    length = strlen(text);
    while (length && text[length - 1] == '\n')
        length--;
    if (!length)
        return 0;
    return strbuf_printf(out, "\n%s\n%.*s\n", title, (int)length, text);
}

int create_compose(const struct create_place *place, const struct create_options *o, struct strbuf *out)
{
    if (strbuf_printf(out, HEADER_BEGIN "%s" HEADER_END "%s\".\n" HEADER_PAGE "\n", place->container->name,
                      o->template_name) < 0 ||
        add_part(out, TITLE_DISTRIBUTION, &place->distribution) < 0 ||
        add_part(out, TITLE_OWN, &place->own) < 0 || add_part(out, TITLE_NETWORK, &place->network) < 0)
        return -ENOMEM;
    return 0;
}
