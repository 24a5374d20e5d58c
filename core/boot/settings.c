#include "core/boot/settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/cleanup.h"

static const struct word {
    const char *name;
    size_t offset;
    const char *choices; /* "a|b"; NULL: anything */
} words[] = {
    {"ip", offsetof(struct boot_settings, ip), NULL},
    {"lxc.image", offsetof(struct boot_settings, image), NULL},
    {"lxc.server", offsetof(struct boot_settings, server), NULL},
    {"lxc.ca", offsetof(struct boot_settings, ca), NULL},
    {"lxc.name", offsetof(struct boot_settings, name), NULL},
    {"lxc.run", offsetof(struct boot_settings, run), NULL},
    {"lxc.data", offsetof(struct boot_settings, data), NULL},
    {"lxc.cgroup", offsetof(struct boot_settings, cgroup), "v1|v2"},
    {"lxc.net", offsetof(struct boot_settings, network), "nat|host|none"},
    {"lxc.ntp", offsetof(struct boot_settings, time), NULL},
    {"lxc.end", offsetof(struct boot_settings, end), "poweroff|reboot|halt"},
    {"lxc.modules", offsetof(struct boot_settings, modules), NULL},
};

static char **settings_member(struct boot_settings *s, const struct word *w)
{
    return (char **)((char *)s + w->offset);
}

void boot_settings_free(struct boot_settings *s)
{
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        free(*settings_member(s, &words[i]));
    *s = (struct boot_settings){0};
}

static bool settings_is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);

    for (const char *c = choices; c; c = strchr(c, '|') ? strchr(c, '|') + 1 : NULL)
        if (strncmp(c, value, length) == 0 && (c[length] == '|' || !c[length]))
            return true;
    return false;
}

static int settings_complain(struct string_list *complaints, const char *format, const char *a, const char *b)
{
    return string_list_take(complaints, format_string(format, a, b));
}

/* `word`: "name=value" or "name". */
static int settings_apply(struct boot_settings *s, char *word, struct string_list *complaints)
{
    char *equals = strchr(word, '='), *value = equals ? equals + 1 : word + strlen(word);

    if (equals)
        *equals = '\0';
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        const struct word *w = &words[i];
        char *copy;

        if (strcmp(word, w->name) != 0)
            continue;
        if (*value && w->choices && !settings_is_choice(w->choices, value))
            return string_list_take(complaints,
                                    format_string("%s takes %s, not \"%s\"", word, w->choices, value));
        copy = *value ? strdup(value) : NULL;
        if (*value && !copy)
            return -ENOMEM;
        free(*settings_member(s, w));
        *settings_member(s, w) = copy;
        return 0;
    }
    return starts_with(word, "lxc.") ? settings_complain(complaints, "there is no setting %s%s", word, "")
                                     : 0;
}

/*
 * Move the next word of `rest` to `out`, which is large enough: blanks within double quotes are part of the
 * word, the quotes are not.
 */
static const char *settings_next_word(const char *rest, char *out)
{
    bool quoted = false;

    for (; *rest && (quoted || !strchr(" \t\n", *rest)); rest++) {
        if (*rest == '"')
            quoted = !quoted;
        else
            *out++ = *rest;
    }
    *out = '\0';
    return rest;
}

int boot_settings_parse(struct boot_settings *s, const char *text, struct string_list *complaints)
{
    cleanup_free char *word = malloc(strlen(text) + 1);
    const char *rest = text;
    int r = word ? 0 : -ENOMEM;

    while (r == 0 && *rest) {
        bool begins = rest == text || rest[-1] == '\n';

        if (begins && *rest == '#') {
            rest += strcspn(rest, "\n");
        } else if (strchr(" \t\n", *rest)) {
            rest++;
        } else {
            rest = settings_next_word(rest, word);
            r = settings_apply(s, word, complaints);
        }
    }
    return r;
}

static int boot_ip_error(const char *text, struct error *err)
{
    error_text(err, EINVAL, "cannot read ip=%s", text);
    return error_remedy(err, "ip=dhcp, ip=off, or ip=ADDRESS::GATEWAY:NETMASK:HOST:DEVICE:off:DNS");
}

int boot_ip_parse(const char *text, struct boot_ip *out, struct error *err)
{
    char automatic[16] = "", ignored[64];
    const struct {
        char *text;
        size_t size;
    } fields[] = {{out->address, sizeof(out->address)},
                  {ignored, sizeof(ignored)},
                  {out->gateway, sizeof(out->gateway)},
                  {out->netmask, sizeof(out->netmask)},
                  {out->host_name, sizeof(out->host_name)},
                  {out->device, sizeof(out->device)},
                  {automatic, sizeof(automatic)},
                  {out->servers[0], sizeof(out->servers[0])},
                  {out->servers[1], sizeof(out->servers[1])},
                  {ignored, sizeof(ignored)}};
    const char *rest = text ? text : "dhcp";
    const char *colon = strchr(rest, ':');

    *out = (struct boot_ip){0};
    if (!colon) {
        snprintf(automatic, sizeof(automatic), "%s", rest);
    } else if (strcmp(colon, ":dhcp") == 0 && (size_t)(colon - rest) < sizeof(out->device)) {
        memcpy(out->device, rest, (size_t)(colon - rest));
        strcpy(automatic, "dhcp");
    } else {
        for (size_t i = 0; *rest; i++) {
            size_t length = strcspn(rest, ":");

            if (i == ARRAY_LENGTH(fields) || length >= fields[i].size)
                return boot_ip_error(text, err);
            memcpy(fields[i].text, rest, length);
            fields[i].text[length] = '\0';
            rest += length + (rest[length] == ':');
        }
    }
    out->dhcp =
        settings_is_choice("dhcp|on|any|both|bootp|rarp", automatic) || (!*automatic && !*out->address);
    out->off = !*out->address && settings_is_choice("off|none", automatic);
    if (*automatic && !out->dhcp && !settings_is_choice("off|none|static", automatic))
        return boot_ip_error(text, err);
    return !out->dhcp && !out->off && !*out->address ? boot_ip_error(text, err) : 0;
}

int boot_image_parse(const char *text, struct string_list *parts, struct error *err)
{
    cleanup_free char *copy = strdup(text);
    char *rest = copy, *part;
    bool bad = false;

    if (!copy)
        return error_set(err, ENOMEM, "cannot read lxc.image");
    while ((part = strsep(&rest, "/"))) {
        bad |= !*part;
        if (string_list_add(parts, part) < 0)
            return error_set(err, ENOMEM, "cannot read lxc.image");
    }
    if (!bad && parts->count >= 2 && parts->count <= 4)
        return 0;
    error_text(err, EINVAL, "lxc.image=%s does not name an image", text);
    return error_remedy(
        err, "lxc.image=DISTRIBUTION/RELEASE[/VARIANT[/ARCHITECTURE]], for example debian/bookworm");
}
