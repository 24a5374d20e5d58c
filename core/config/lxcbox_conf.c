#include "core/config/lxcbox_conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"

#define FILE_MAX 65536 /* bytes */

/* --- Keys --- */

/* Take the next word off a value; NULL at its end. */
static char *conf_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");

    *rest = word + strcspn(word, " \t");
    if (**rest)
        *(*rest)++ = '\0';
    return *word ? word : NULL;
}

static int conf_set_forward(struct lxcbox_conf *c, char *value, struct error *err)
{
    char *protocol = conf_word(&value), *host = conf_word(&value), *port = conf_word(&value);
    struct forward f = {0}, *more;
    int number = protocol ? forward_parse_protocol(protocol) : -EINVAL;

    if (number < 0 || !host || !port || conf_word(&value)) {
        error_text(err, EINVAL, "forward requires a protocol and two ports");
        return error_remedy(err, "for example forward = tcp 8080 80, or forward = udp 192.0.2.1:53 53");
    }
    f.protocol = (uint8_t)number;
    if (forward_parse_host(host, &f, err) < 0)
        return err ? err->code : -EINVAL;
    if (forward_parse_port(port, &f.target_port) < 0)
        return error_text(err, EINVAL, "\"%s\" is not a port from 1 to 65535", port);
    for (size_t i = 0; i < c->forward_count; i++)
        if (forward_same_host(&c->forwards[i], &f))
            return error_text(err, EINVAL, "port %s/%s is forwarded by an earlier line", host, protocol);
    if (c->forward_count == LXCBOX_CONF_FORWARDS)
        return error_text(err, E2BIG, "there are more than %d forwards", LXCBOX_CONF_FORWARDS);
    more = reallocarray(c->forwards, c->forward_count + 1, sizeof(*more));
    if (!more)
        return error_set(err, ENOMEM, "cannot keep a forward");
    c->forwards = more;
    c->forwards[c->forward_count++] = f;
    return 0;
}

/* One character of a quoted word at *at, which is moved behind it; -1 for a wrong escape. */
static int conf_unescape(const char **at)
{
    static const char names[] = "ntr\"\\", values[] = "\n\t\r\"\\";
    const char *p = *at, *name;

    if (*p != '\\') {
        *at = p + 1;
        return (unsigned char)*p;
    }
    name = p[1] ? strchr(names, p[1]) : NULL;
    if (name) {
        *at = p + 2;
        return values[name - names];
    }
    if (p[1] != 'x' || hex_digit(p[2]) < 0 || hex_digit(p[3]) < 0)
        return -1;
    *at = p + 4;
    return hex_digit(p[2]) << 4 | hex_digit(p[3]);
}

/* Take the next quoted word off a value. Returns 1, 0 at the end, -EINVAL or -ENOMEM. */
static int conf_quoted_word(const char **rest, char **word)
{
    const char *at = *rest + strspn(*rest, " \t");
    size_t length = 0;

    if (!*at)
        return 0;
    if (*at++ != '"')
        return -EINVAL;
    *word = malloc(strlen(at) + 1);
    if (!*word)
        return -ENOMEM;
    while (*at && *at != '"') {
        int c = conf_unescape(&at);

        if (c <= 0)
            return -EINVAL;
        (*word)[length++] = (char)c;
    }
    (*word)[length] = '\0';
    *rest = at + 1;
    return *at == '"' && (!at[1] || at[1] == ' ' || at[1] == '\t') ? 1 : -EINVAL;
}

static int conf_set_words(const char *key, struct string_list *list, const char *value, struct error *err)
{
    int r;

    do {
        cleanup_free char *word = NULL;

        r = conf_quoted_word(&value, &word);
        if (r == 1 && string_list_add(list, word) < 0)
            r = -ENOMEM;
    } while (r == 1);
    if (r == -ENOMEM)
        return error_set(err, ENOMEM, "cannot keep %s", key);
    if (r == 0 && list->count)
        return 0;
    error_text(err, EINVAL, "%s requires words in double quotes", key);
    return error_remedy(err, "for example %s = \"sh\" \"-c\" \"echo \\\"hello\\\"\"; also \\n, \\t and \\xHH",
                        key);
}

static int conf_set_command(struct lxcbox_conf *c, char *value, struct error *err)
{
    if (c->command.count)
        return error_text(err, EINVAL, "command is set by an earlier line");
    return conf_set_words("command", &c->command, value, err);
}

static int conf_set_environment(struct lxcbox_conf *c, char *value, struct error *err)
{
    int r = conf_set_words("environment", &c->environment, value, err);

    for (size_t i = 0; r == 0 && i < c->environment.count; i++)
        if (!strchr(c->environment.items[i], '=') || c->environment.items[i][0] == '=')
            return error_text(err, EINVAL, "environment requires \"NAME=VALUE\"");
    return r;
}

static int conf_set_reap(struct lxcbox_conf *c, char *value, struct error *err)
{
    const char *word = conf_word(&value);

    if (!word || conf_word(&value) || (strcmp(word, "0") != 0 && strcmp(word, "1") != 0))
        return error_text(err, EINVAL, "reap requires 0 or 1");
    c->reap = *word == '1';
    return 0;
}

static int conf_set_spoofing(struct lxcbox_conf *c, char *value, struct error *err)
{
    static const char *const words[] = {"mac", "ipv4", "ipv6"}; /* in the order of SPOOFING_* */
    unsigned kinds = 0;

    for (char *word; (word = conf_word(&value));) {
        size_t i = 0;

        while (i < ARRAY_LENGTH(words) && strcmp(words[i], word) != 0)
            i++;
        if (i == ARRAY_LENGTH(words)) {
            error_text(err, EINVAL, "refuse_spoofing: \"%.20s\" is not mac, ipv4 or ipv6", word);
            return error_remedy(err, "for example refuse_spoofing = mac ipv4");
        }
        kinds |= 1U << i;
    }
    if (!(kinds & SPOOFING_MAC)) {
        error_text(err, EINVAL, "refuse_spoofing without mac has no effect on forged hardware addresses");
        return error_remedy(err, "write refuse_spoofing = mac, and ipv4 or ipv6 after it");
    }
    c->refuse_spoofing = kinds;
    return 0;
}

static const struct conf_key {
    const char *name;
    int (*set)(struct lxcbox_conf *c, char *value, struct error *err);
    bool single; /* only one container can have this value: it is not copied */
} conf_keys[] = {
    {"command", conf_set_command, false},          {"environment", conf_set_environment, false},
    {"forward", conf_set_forward, true},           {"reap", conf_set_reap, false},
    {"refuse_spoofing", conf_set_spoofing, false},
};

static const struct conf_key *conf_key_find(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(conf_keys); i++)
        if (strlen(conf_keys[i].name) == length && strncmp(conf_keys[i].name, name, length) == 0)
            return &conf_keys[i];
    return NULL;
}

/* --- Lines --- */

/* The key of a line "KEY = VALUE", and its value; NULL in *key for a line without a setting. */
static int conf_split(char *line, char **key, char **value)
{
    char *equals, *end = line + strlen(line);

    *key = NULL;
    line += strspn(line, " \t");
    while (end > line && strchr(" \t\r", end[-1]))
        *--end = '\0';
    if (!*line || *line == '#')
        return 0;
    equals = strchr(line, '=');
    if (!equals)
        return -EINVAL;
    *value = equals + 1;
    while (equals > line && strchr(" \t", equals[-1]))
        equals--;
    *equals = '\0';
    *key = line;
    return 0;
}

static int conf_read_line(char *line, struct lxcbox_conf *out, struct error *err)
{
    const struct conf_key *k;
    char *key, *value;

    if (conf_split(line, &key, &value) < 0) {
        error_text(err, EINVAL, "\"%.60s\" is not a setting", line);
        return error_remedy(err, "write KEY = VALUE, or # before a comment");
    }
    if (!key)
        return 0;
    k = conf_key_find(key, strlen(key));
    if (!k) {
        error_text(err, EINVAL, "there is no key \"%.60s\"", key);
        return error_remedy(err, starts_with(key, "lxc.") ? "keys of LXC belong in the file config"
                                                          : "see lxcbox.conf(5) for all keys");
    }
    return k->set(out, value, err);
}

void lxcbox_conf_free(struct lxcbox_conf *c)
{
    free(take_ptr(c->forwards));
    c->forward_count = 0;
    string_list_clear(&c->command);
    string_list_clear(&c->environment);
    c->reap = false;
    c->refuse_spoofing = 0;
}

int lxcbox_conf_parse(const char *text, size_t length, const char *origin, struct lxcbox_conf *out,
                      struct error *err)
{
    cleanup_free char *copy = strndup(text, length);
    struct error why = ERROR_INIT;
    char *rest = copy, *line;
    int r = 0;

    *out = (struct lxcbox_conf){0};
    if (!copy)
        return error_set(err, ENOMEM, "cannot read %s", origin);
    if (strlen(copy) != length)
        return error_text(err, EINVAL, "%s is not a text file: it contains a zero byte", origin);
    for (unsigned number = 1; r == 0 && (line = strsep(&rest, "\n")); number++) {
        r = conf_read_line(line, out, &why);
        if (r < 0)
            error_context(&why, "%s:%u", origin, number);
    }
    if (r == 0)
        return 0;
    lxcbox_conf_free(out);
    return error_copy(err, &why);
}

/* --- Files --- */

static int conf_read_text(const struct container *c, char **path, char **text, size_t *length,
                          struct error *err)
{
    int r;

    *path = container_path(c, LXCBOX_CONF_NAME);
    r = *path ? file_read(AT_FDCWD, *path, FILE_MAX, text, length) : -ENOMEM;
    if (r == -ENOENT) {
        *text = strdup("");
        *length = 0;
        r = *text ? 0 : -ENOMEM;
    }
    return r < 0 ? error_set(err, r, "cannot read %s of %s", LXCBOX_CONF_NAME, c->name) : 0;
}

int lxcbox_conf_read(const struct container *c, struct lxcbox_conf *out, struct error *err)
{
    cleanup_free char *path = NULL, *text = NULL;
    size_t length;
    int r = conf_read_text(c, &path, &text, &length, err);

    *out = (struct lxcbox_conf){0};
    return r < 0 ? r : lxcbox_conf_parse(text, length, path, out, err);
}

static int conf_write(const struct container *c, const char *path, const struct strbuf *text,
                      struct error *err)
{
    int r = text->length ? file_replace(AT_FDCWD, path, text->text, text->length, 0640)
            : unlink(path) < 0 && errno != ENOENT ? -errno
                                                  : 0;

    return r < 0 ? error_set(err, r, "cannot write %s of %s", LXCBOX_CONF_NAME, c->name) : 0;
}

int lxcbox_conf_add_forward(const struct container *c, const struct forward *f, struct error *err)
{
    cleanup_lxcbox_conf struct lxcbox_conf conf = {0};
    cleanup_free char *path = NULL, *old = NULL;
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    char host[FORWARD_HOST_SIZE];
    size_t length;
    int r = conf_read_text(c, &path, &old, &length, err);

    if (r < 0)
        return r;
    if (strbuf_add(&text, old, length) < 0 ||
        (length && old[length - 1] != '\n' && strbuf_puts(&text, "\n") < 0) ||
        strbuf_printf(&text, "forward = %s %s %u\n", forward_protocol(f), forward_format_host(f, host),
                      f->target_port) < 0)
        return error_set(err, ENOMEM, "cannot write %s of %s", LXCBOX_CONF_NAME, c->name);
    /* Write the text only if it can be read back. */
    r = lxcbox_conf_parse(text.text, text.length, path, &conf, err);
    return r < 0 ? r : conf_write(c, path, &text, err);
}

/* Whether a line is the forward of a port; with NULL, whether only one container can have its setting. */
static bool conf_line_matches(const char *line, size_t length, const struct forward *f)
{
    cleanup_free char *copy = strndup(line, length);
    cleanup_lxcbox_conf struct lxcbox_conf conf = {0};
    const struct conf_key *k;
    char *key, *value;

    if (!copy || conf_split(copy, &key, &value) < 0 || !key)
        return false;
    k = conf_key_find(key, strlen(key));
    if (!f)
        return k && k->single;
    return k && k->set == conf_set_forward && k->set(&conf, value, NULL) == 0 &&
           forward_same_host(&conf.forwards[0], f);
}

/* Append the lines that do not match. `settings`: whether any of these lines is a setting. */
static int conf_drop_lines(const char *text, const struct forward *f, struct strbuf *out, bool *dropped,
                           bool *settings)
{
    *dropped = *settings = false;
    while (*text) {
        size_t length = strcspn(text, "\n"), whole = length + (text[length] == '\n');
        const char *start = text + strspn(text, " \t\r");

        if (conf_line_matches(text, length, f)) {
            *dropped = true;
        } else {
            *settings |= start < text + length && *start != '#';
            if (strbuf_add(out, text, whole) < 0)
                return -ENOMEM;
        }
        text += whole;
    }
    return 0;
}

int lxcbox_conf_remove_forward(const struct container *c, const struct forward *f, struct error *err)
{
    cleanup_free char *path = NULL, *old = NULL;
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    bool dropped, settings;
    size_t length;
    int r = conf_read_text(c, &path, &old, &length, err);

    if (r < 0)
        return r;
    if (conf_drop_lines(old, f, &text, &dropped, &settings) < 0)
        return error_set(err, ENOMEM, "cannot write %s of %s", LXCBOX_CONF_NAME, c->name);
    if (!dropped)
        return error_text(err, ENOENT, "%s has no such forward", c->name);
    return conf_write(c, path, &text, err);
}

static int conf_write_word(struct strbuf *out, const char *word)
{
    int r = strbuf_puts(out, " \"");

    for (; r == 0 && *word; word++) {
        unsigned char c = (unsigned char)*word;

        if (c < ' ' || c == 0x7f)
            r = strbuf_printf(out, "\\x%02x", c);
        else
            r = strbuf_printf(out, c == '"' || c == '\\' ? "\\%c" : "%c", c);
    }
    return r == 0 ? strbuf_puts(out, "\"") : r;
}

int lxcbox_conf_write_words(struct strbuf *out, const char *key, char *const *words, size_t count)
{
    int r = strbuf_printf(out, "%s =", key);

    for (size_t i = 0; r == 0 && i < count; i++)
        r = conf_write_word(out, words[i]);
    return r == 0 ? strbuf_puts(out, "\n") : r;
}

int lxcbox_conf_copy(const char *text, struct strbuf *out)
{
    cleanup_strbuf struct strbuf kept = STRBUF_INIT;
    bool dropped, settings;
    int r = conf_drop_lines(text, NULL, &kept, &dropped, &settings);

    return r == 0 && settings ? strbuf_add(out, kept.text, kept.length) : r;
}
