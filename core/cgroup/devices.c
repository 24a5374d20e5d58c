#include "core/cgroup/devices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"

static int device_rule_error(const char *text, struct error *err)
{
    error_text(err, EINVAL, "\"%s\" is not a device rule", text);
    return error_remedy(err, "write for example \"a\", \"c 1:3 rwm\", \"b 7:* r\" or \"/dev/null rw\"");
}

/* "*" or a number. The kernel has 12 and 20 bits; LXC and BPF comparisons are limited to 31 bits. */
static bool device_parse_number(const char *word, int64_t *out)
{
    if (strcmp(word, "*") == 0) {
        *out = DEVICE_ANY;
        return true;
    }
    return word[0] >= '0' && word[0] <= '9' && parse_int64(word, 10, 0, INT32_MAX, out) == 0;
}

/* One to three of "rwm". */
static bool device_parse_access(const char *word, unsigned *out)
{
    *out = 0;
    for (const char *p = word; *p; p++) {
        if (!strchr("rwm", *p) || p - word == 3)
            return false;
        *out |= *p == 'r' ? DEVICE_READ : *p == 'w' ? DEVICE_WRITE : DEVICE_MKNOD;
    }
    return *out != 0;
}

static int device_read_file(const char *path, struct device_rule *out, struct error *err)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return error_set(err, errno, "cannot allow or deny device %s", path);
    if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
        return error_text(err, EINVAL, "%s is not a device", path);
    out->type = S_ISCHR(st.st_mode) ? 'c' : 'b';
    out->major = major(st.st_rdev);
    out->minor = minor(st.st_rdev);
    return 0;
}

int device_rule_parse(const char *text, struct device_rule *out, struct error *err)
{
    cleanup_free char *copy = strdup(text);
    char *rest = copy, *words[4] = {NULL}, *word, *colon;
    size_t count = 0;

    if (!copy)
        return error_set(err, ENOMEM, "cannot read a device rule");
    while ((word = strsep(&rest, " \t\n"))) {
        if (!*word)
            continue;
        if (count == 3)
            return device_rule_error(text, err);
        words[count++] = word;
    }
    *out = (struct device_rule){.type = 'a', .major = DEVICE_ANY, .minor = DEVICE_ANY, .access = DEVICE_ALL};
    if (!count)
        return device_rule_error(text, err);
    if (words[0][0] == '/') {
        if (count != 2 || !device_parse_access(words[1], &out->access))
            return device_rule_error(text, err);
        return device_read_file(words[0], out, err);
    }
    if (words[0][1] || !strchr("abc", words[0][0]))
        return device_rule_error(text, err);
    /* The kernel stops parsing after "a", which means all devices; numbers after it are ignored. */
    if (words[0][0] == 'a' && count == 1)
        return 0;
    colon = count == 3 ? strchr(words[1], ':') : NULL;
    if (!colon)
        return device_rule_error(text, err);
    *colon = '\0';
    if (!device_parse_number(words[1], &out->major) || !device_parse_number(colon + 1, &out->minor) ||
        !device_parse_access(words[2], &out->access))
        return device_rule_error(text, err);
    if (words[0][0] == 'a')
        *out =
            (struct device_rule){.type = 'a', .major = DEVICE_ANY, .minor = DEVICE_ANY, .access = DEVICE_ALL};
    else
        out->type = words[0][0];
    return 0;
}

const char *device_rule_format(const struct device_rule *rule, char *out, size_t size)
{
    char numbers[2][24] = {"*", "*"};

    if (rule->major != DEVICE_ANY)
        snprintf(numbers[0], sizeof(numbers[0]), "%lld", (long long)rule->major);
    if (rule->minor != DEVICE_ANY)
        snprintf(numbers[1], sizeof(numbers[1]), "%lld", (long long)rule->minor);
    snprintf(out, size, "%c %s:%s %s%s%s", rule->type, numbers[0], numbers[1],
             rule->access & DEVICE_READ ? "r" : "", rule->access & DEVICE_WRITE ? "w" : "",
             rule->access & DEVICE_MKNOD ? "m" : "");
    return out;
}

void device_rules_free(struct device_rules *rules)
{
    free(rules->exceptions);
    *rules = (struct device_rules){0};
}

/* The exception for exactly these devices; NULL if there is none. */
static struct device_rule *device_rules_find(const struct device_rules *rules, const struct device_rule *rule)
{
    for (size_t i = 0; i < rules->count; i++) {
        struct device_rule *e = &rules->exceptions[i];
        if (e->type == rule->type && e->major == rule->major && e->minor == rule->minor)
            return e;
    }
    return NULL;
}

static int device_rules_add(struct device_rules *rules, const struct device_rule *rule)
{
    struct device_rule *all = reallocarray(rules->exceptions, rules->count + 1, sizeof(*all));

    if (!all)
        return -ENOMEM;
    rules->exceptions = all;
    all[rules->count++] = *rule;
    return 0;
}

static void device_rules_remove(struct device_rules *rules, struct device_rule *e)
{
    rules->count--;
    memmove(e, e + 1, (size_t)(rules->exceptions + rules->count - e) * sizeof(*e));
}

/* The kernel's security/device_cgroup.c: dev_exception_add(), dev_exception_rm(). */
int device_rules_apply(struct device_rules *rules, const struct device_rule *rule, bool allow, bool *changed)
{
    struct device_rule *e = device_rules_find(rules, rule);
    bool is_exception = rules->allow_by_default != allow;
    unsigned before = e ? e->access : 0, after;
    int r = 0;

    if (rule->type == 'a') {
        if (changed)
            *changed = is_exception || rules->count;
        device_rules_free(rules);
        rules->allow_by_default = allow;
        return 0;
    }
    after = is_exception ? before | rule->access : before & ~rule->access;
    if (changed)
        *changed = before != after;
    if (e && after)
        e->access = after;
    else if (e)
        device_rules_remove(rules, e);
    else if (after)
        r = device_rules_add(rules, rule);
    return r;
}
