/* Keys with their own syntax: capabilities, ids, namespaces, clocks, hooks, cgroup directories, logging. */
#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/personality.h>
#include <sys/un.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/config/keys.h"
#include "core/config/namespaces.h"
#include "core/config/capability.h"
#include "core/config/architecture.h"

/* --- lxc.arch --- */

static int set_arch(void *holder, const struct setting *s, char **kept, struct error *err)
{
    if (architecture_parse(s->value) < 0)
        return setting_refuse(s, err, "an architecture (x86_64, i686, aarch64, linux64, ...)");
    return string_set(holder, s, kept, err);
}

static int get_arch(const void *holder, const struct setting *s, struct strbuf *out)
{
    const char *arch = *CONST_MEMBER(holder, s, char *);

    if (!arch)
        return 0;
    return strbuf_puts(out, architecture_parse(arch) == PER_LINUX32 ? "i686" : "x86_64");
}

const struct key_type type_arch = {.set = set_arch, .get = get_arch, .clear = string_clear};

/* --- lxc.idmap --- */

static int set_idmap(void *holder, const struct setting *s, char **kept, struct error *err)
{
    static const char wanted[] = "u or g, the first id inside, the first id outside, and how many";
    struct config *c = holder;
    struct config_idmap *grown;
    cleanup_free char *copy = strdup(s->value);
    char *rest = copy, *word = next_word(&rest);
    uint64_t numbers[3];

    (void)kept;
    if (!copy)
        return setting_no_memory(s, err);
    if (!word || (*word != 'u' && *word != 'g') || word[1])
        return setting_refuse(s, err, wanted);
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        char *number = next_word(&rest);
        if (!number || setting_number(number, s->strict ? UINT32_MAX : UINT64_MAX, &numbers[i]) < 0)
            return setting_refuse(s, err, wanted);
    }
    if (next_word(&rest))
        return setting_refuse(s, err, wanted);
    if ((numbers[0] | numbers[1] | numbers[2]) > UINT32_MAX)
        return 0;
    grown = array_grow(c->idmaps, c->idmap_count, sizeof(*grown));
    if (!grown)
        return setting_no_memory(s, err);
    c->idmaps = grown;
    grown[c->idmap_count++] = (struct config_idmap){
        .is_gid = *word == 'g',
        .container_id = (uint32_t)numbers[0],
        .host_id = (uint32_t)numbers[1],
        .count = (uint32_t)numbers[2],
    };
    return 0;
}

static int get_idmap(const void *holder, const struct setting *s, struct strbuf *out)
{
    const struct config *c = holder;

    (void)s;
    for (size_t i = 0; i < c->idmap_count; i++) {
        const struct config_idmap *m = &c->idmaps[i];
        if (strbuf_printf(out, "%s%c %u %u %u", i ? "\n" : "", m->is_gid ? 'g' : 'u', m->container_id,
                          m->host_id, m->count) < 0)
            return -ENOMEM;
    }
    return 0;
}

static void clear_idmap(void *holder, const struct setting *s)
{
    struct config *c = holder;

    (void)s;
    free(c->idmaps);
    c->idmaps = NULL;
    c->idmap_count = 0;
}

const struct key_type type_idmap = {.set = set_idmap, .get = get_idmap, .clear = clear_idmap};

/* --- lxc.cap.drop, lxc.cap.keep: one list in LXC, so clearing either clears both --- */

static void clear_caps(void *holder, const struct setting *s)
{
    struct config *c = holder;

    (void)s;
    string_list_clear(&c->cap_drop);
    string_list_clear(&c->cap_keep);
    c->has_cap_keep = false;
}

/* LXC requires names in lower case and without "cap_". */
static bool caps_has_name(const char *word)
{
    uint64_t digits;
    int number = capability_parse(word);
    const char *name = number < 0 ? NULL : capability_name(number);

    if (setting_number(word, UINT64_MAX, &digits) == 0)
        return digits <= (uint64_t)capability_last();
    return name && strcmp(name, word) == 0;
}

static int set_caps(void *holder, const struct setting *s, char **kept, struct error *err)
{
    struct config *c = holder;
    bool keep = s->key->offset == offsetof(struct config, cap_keep);
    cleanup_free char *copy = strdup(s->value);
    cleanup_string_list struct string_list next = {0};
    char *rest = copy, *word;
    bool none = false;

    (void)kept;
    if (!copy)
        return setting_no_memory(s, err);
    if (keep ? c->cap_drop.count > 0 : c->has_cap_keep) {
        error_text(err, EINVAL, "lxc.cap.keep and lxc.cap.drop exclude each other");
        return error_remedy(err, "clear the other one first: %s =", keep ? "lxc.cap.drop" : "lxc.cap.keep");
    }
    while ((word = next_word(&rest))) {
        if (keep && strcmp(word, "none") == 0) {
            string_list_clear(&next);
            none = true;
        } else if (!caps_has_name(word)) {
            return error_text(err, EINVAL, "%s: there is no capability \"%s\"", s->name, word);
        } else if (string_list_add(&next, word) < 0) {
            return setting_no_memory(s, err);
        }
    }
    if (none)
        string_list_clear(&c->cap_keep);
    for (size_t i = 0; i < next.count; i++)
        if (string_list_add(MEMBER(holder, s, struct string_list), next.items[i]) < 0)
            return setting_no_memory(s, err);
    c->has_cap_keep = keep;
    return 0;
}

const struct key_type type_caps = {.set = set_caps, .get = list_get, .clear = clear_caps};

/* --- lxc.namespace.* --- */

static int set_namespaces(void *holder, const struct setting *s, char **kept, struct error *err)
{
    const struct config *c = holder;
    bool clone = s->key->offset == offsetof(struct config, namespace_clone);
    cleanup_free char *copy = strdup(s->value);
    char *rest = copy, *word;
    uint64_t mask = 0;

    (void)kept;
    if (!copy)
        return setting_no_memory(s, err);
    if (clone ? c->namespace_keep : c->namespace_clone)
        return error_text(err, EINVAL, "lxc.namespace.clone and lxc.namespace.keep exclude each other");
    while ((word = next_word(&rest))) {
        int kind = namespace_find(word);
        if (kind < 0) {
            error_text(err, EINVAL, "%s: there is no namespace \"%s\"", s->name, word);
            return error_remedy(err, "namespaces are user, mnt, pid, uts, ipc, net, cgroup and time");
        }
        mask |= namespaces[kind].flag;
    }
    *MEMBER(holder, s, uint64_t) |= mask;
    return 0;
}

static int get_namespaces(const void *holder, const struct setting *s, struct strbuf *out)
{
    uint64_t mask = *CONST_MEMBER(holder, s, uint64_t);

    for (int i = 0; i < NAMESPACE_KINDS; i++)
        if (mask & namespaces[i].flag && strbuf_printf(out, "%s\n", namespaces[i].name) < 0)
            return -ENOMEM;
    return 0;
}

static void clear_namespaces(void *holder, const struct setting *s)
{
    *MEMBER(holder, s, uint64_t) = 0;
}

const struct key_type type_namespaces = {
    .set = set_namespaces, .get = get_namespaces, .clear = clear_namespaces};

static int set_share(void *holder, const struct setting *s, char **kept, struct error *err)
{
    int kind = namespace_find(s->rest);

    (void)kept;
    if (kind < 0) {
        error_text(err, EINVAL, "%s: there is no namespace \"%s\"", s->name, s->rest);
        return error_remedy(err, "namespaces are user, mnt, pid, uts, ipc, net, cgroup and time");
    }
    return setting_keep(MEMBER(holder, s, char *) + kind, s->value, s, err);
}

static int get_share(const void *holder, const struct setting *s, struct strbuf *out)
{
    int kind = namespace_find(s->rest);
    const char *who = kind < 0 ? NULL : CONST_MEMBER(holder, s, char *)[kind];

    return kind < 0 ? -ENOENT : who ? strbuf_puts(out, who) : 0;
}

static void clear_share(void *holder, const struct setting *s)
{
    char **members = MEMBER(holder, s, char *);

    for (int i = 0; i < NAMESPACE_KINDS; i++) {
        if (!*s->rest || strcmp(namespaces[i].name, s->rest) == 0) {
            free(members[i]);
            members[i] = NULL;
        }
    }
}

static int may_clear_share(const void *holder, const struct setting *s, struct error *err)
{
    (void)holder;
    return namespace_find(s->rest) < 0 ? error_text(err, EINVAL, "there is no key %s", s->name) : 0;
}

const struct key_type type_namespace_share = {
    .set = set_share, .get = get_share, .clear = clear_share, .may_clear = may_clear_share};

/* --- lxc.time.offset.*: "5h", "-10 s", "250ms" --- */

static int set_time(void *holder, const struct setting *s, char **kept, struct error *err)
{
    static const struct {
        char name[3];
        bool nano;
        int64_t factor;
    } units[] = {{"h", false, 3600},    {"m", false, 60},   {"s", false, 1},
                 {"ms", true, 1000000}, {"us", true, 1000}, {"ns", true, 1}};
    struct config_time_offset *t = MEMBER(holder, s, struct config_time_offset);
    char *end, unit[3] = "";
    long long number;

    (void)kept;
    errno = 0;
    number = strtoll(s->value, &end, 10);
    /* LXC reads two bytes, one of which may be a blank before or after the other. */
    if (end != s->value && !errno && strlen(end) <= 2) {
        strncpy(unit, end + strspn(end, " "), strcspn(end + strspn(end, " "), " "));
        for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
            int64_t product;
            if (strcmp(units[i].name, unit) != 0 ||
                __builtin_mul_overflow((int64_t)number, units[i].factor, &product))
                continue;
            *(units[i].nano ? &t->nanoseconds : &t->seconds) = product;
            return 0;
        }
    }
    return setting_refuse(s, err, "a number with its unit: h, m, s, ms, us or ns");
}

static int get_time(const void *holder, const struct setting *s, struct strbuf *out)
{
    const struct config_time_offset *t = CONST_MEMBER(holder, s, struct config_time_offset);
    /* LXC prints one of them with a space, the other without. */
    const char *gap = s->key->offset == offsetof(struct config, time_offset_boot) ? " " : "";

    return strbuf_printf(out, "%lld%s%s\n", (long long)(t->seconds ? t->seconds : t->nanoseconds), gap,
                         t->seconds ? "s" : "ns");
}

static void clear_time(void *holder, const struct setting *s)
{
    *MEMBER(holder, s, struct config_time_offset) = (struct config_time_offset){0};
}

const struct key_type type_time_offset = {.set = set_time, .get = get_time, .clear = clear_time};

/* --- lxc.init.groups: "10,20", added to the current list --- */

static int set_groups(void *holder, const struct setting *s, char **kept, struct error *err)
{
    struct config *c = holder;
    cleanup_free char *copy = strdup(s->value);
    cleanup_free gid_t *next = NULL;
    size_t count = c->init_group_count, room = count + 1;
    char *rest = copy, *word;

    (void)kept;
    for (const char *p = s->value; *p; p++)
        room += *p == ',';
    next = calloc(room, sizeof(*next));
    if (!copy || !next)
        return setting_no_memory(s, err);
    if (count)
        memcpy(next, c->init_groups, count * sizeof(*next));
    while ((word = strsep(&rest, ","))) {
        uint64_t group;
        if (!*word)
            continue;
        if (setting_number(word + strspn(word, " \t"), UINT32_MAX, &group) < 0)
            return setting_refuse(s, err, "group ids separated by commas");
        next[count++] = (gid_t)group;
    }
    if (count == c->init_group_count)
        return setting_refuse(s, err, "group ids separated by commas");
    free(c->init_groups);
    c->init_groups = take_ptr(next);
    c->init_group_count = count;
    return 0;
}

static int get_groups(const void *holder, const struct setting *s, struct strbuf *out)
{
    const struct config *c = holder;

    (void)s;
    for (size_t i = 0; i < c->init_group_count; i++)
        if (strbuf_printf(out, "%s%u", i ? "," : "", c->init_groups[i]) < 0)
            return -ENOMEM;
    return 0;
}

static void clear_groups(void *holder, const struct setting *s)
{
    struct config *c = holder;

    (void)s;
    free(c->init_groups);
    c->init_groups = NULL;
    c->init_group_count = 0;
}

const struct key_type type_groups = {.set = set_groups, .get = get_groups, .clear = clear_groups};

/* --- lxc.log.* --- */

static int set_log_level(void *holder, const struct setting *s, char **kept, struct error *err)
{
    int level = log_level_parse(s->value, NULL);

    (void)kept;
    if (level < 0)
        return setting_refuse(s, err, "TRACE, DEBUG, INFO, NOTICE, WARN, ERROR, CRIT, ALERT or FATAL");
    *MEMBER(holder, s, int) = level;
    return 0;
}

static int get_log_level(const void *holder, const struct setting *s, struct strbuf *out)
{
    int level = *CONST_MEMBER(holder, s, int);

    return strbuf_puts(out, level < 0 ? "NOTSET" : log_level_name((enum log_level)level));
}

static void clear_log_level(void *holder, const struct setting *s)
{
    *MEMBER(holder, s, int) = -1;
}

const struct key_type type_log_level = {.set = set_log_level, .get = get_log_level, .clear = clear_log_level};

static int set_syslog(void *holder, const struct setting *s, char **kept, struct error *err)
{
    const char *v = s->value;

    if (strcasecmp(v, "daemon") != 0 &&
        !(strncasecmp(v, "local", 5) == 0 && v[5] >= '0' && v[5] <= '7' && !v[6]))
        return setting_refuse(s, err, "\"daemon\" or \"local0\" to \"local7\"");
    return string_set(holder, s, kept, err);
}

const struct key_type type_syslog = {.set = set_syslog, .get = string_get, .clear = string_clear};

/* --- lxc.hook, lxc.hook.version --- */

static int set_hook_version(void *holder, const struct setting *s, char **kept, struct error *err)
{
    uint64_t version;

    (void)kept;
    if (setting_number(s->value, 1, &version) < 0)
        return setting_refuse(s, err, "0 (arguments) or 1 (environment)");
    *MEMBER(holder, s, int) = (int)version;
    return 0;
}

const struct key_type type_hook_version = {.set = set_hook_version, .get = int_get, .clear = int_clear};

/* "lxc.hook =" clears all hooks. */
static int set_hooks(void *holder, const struct setting *s, char **kept, struct error *err)
{
    (void)holder;
    (void)kept;
    error_text(err, EINVAL, "%s does not accept a value", s->name);
    return error_remedy(err, "name a hook, such as lxc.hook.start; \"lxc.hook =\" clears all");
}

static int get_hooks(const void *holder, const struct setting *s, struct strbuf *out)
{
    (void)holder;
    (void)s;
    (void)out;
    return -ENOENT;
}

static void clear_hooks(void *holder, const struct setting *s)
{
    struct config *c = holder;

    (void)s;
    for (int i = 0; i < HOOK_KINDS; i++)
        string_list_clear(&c->hooks[i]);
}

const struct key_type type_hooks = {.set = set_hooks, .get = get_hooks, .clear = clear_hooks};

/* --- lxc.cgroup.dir*: relative to the hierarchy: neither absolute nor with ".." --- */

static int set_cgroup_dir(void *holder, const struct setting *s, char **kept, struct error *err)
{
    bool inner = s->key->offset == offsetof(struct config, cgroup_dir_container_inner);
    const char *v = s->value;

    if (*v == '/' || (inner && (strchr(v, '/') || strcmp(v, ".") == 0 || strcmp(v, "..") == 0)))
        return setting_refuse(s, err, inner ? "the name of one directory" : "a relative path");
    if (!inner && strstr(v, ".."))
        return setting_refuse(s, err, "a path without \"..\"");
    return inner ? string_set(holder, s, kept, err) : path_set(holder, s, kept, err);
}

const struct key_type type_cgroup_dir = {.set = set_cgroup_dir, .get = string_get, .clear = string_clear};

/* --- lxc.seccomp.notify.proxy --- */

static int set_proxy(void *holder, const struct setting *s, char **kept, struct error *err)
{
    if ((!starts_with(s->value, "unix:/") && !starts_with(s->value, "unix:@")) ||
        strlen(s->value) - strlen("unix:") >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return setting_refuse(s, err, "unix: and the path of a socket");
    return string_set(holder, s, kept, err);
}

static int get_proxy(const void *holder, const struct setting *s, struct strbuf *out)
{
    const char *value = *CONST_MEMBER(holder, s, char *);

    return value ? strbuf_puts(out, value + strlen("unix:")) : 0;
}

const struct key_type type_proxy = {.set = set_proxy, .get = get_proxy, .clear = string_clear};
