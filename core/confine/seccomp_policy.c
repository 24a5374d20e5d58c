#include "core/confine/seccomp_policy.h"

#include <ctype.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mount.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/confine/syscalls.h"

#define ALL_ABIS   (-1)
#define OTHER_ABIS (-2) /* the section of a foreign architecture */

struct parser {
    const char *origin;
    unsigned line; /* number of the current line */
    const char *next, *end;
    char text[1024]; /* the current line, without comment and surrounding blanks */
    int abi;
    uint32_t rule_action; /* of a rule without an action */
    struct seccomp_policy *policy;
    size_t capacity;
    struct error *err;
};

void seccomp_policy_free(struct seccomp_policy *p)
{
    free(p->rules);
    *p = (struct seccomp_policy){0};
}

/* Set the error for the current line. */
__attribute__((format(printf, 3, 4))) static int parser_error(struct parser *p, int errnum,
                                                              const char *format, ...)
{
    char text[300];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    error_text(p->err, errnum, "%s:%u: %s", p->origin, p->line, text);
    return -errnum;
}

/* Read the next line that is not empty. 1, 0 at the end, or a negative errno. */
static int parser_next_line(struct parser *p)
{
    while (p->next < p->end) {
        const char *start = p->next, *newline = memchr(start, '\n', (size_t)(p->end - start));
        const char *stop = newline ? newline : p->end, *comment;

        p->next = newline ? newline + 1 : p->end;
        p->line++;
        comment = memchr(start, '#', (size_t)(stop - start));
        if (comment)
            stop = comment;
        while (start < stop && isspace((unsigned char)*start))
            start++;
        while (start < stop && isspace((unsigned char)stop[-1]))
            stop--;
        if (start == stop)
            continue;
        if ((size_t)(stop - start) >= sizeof(p->text) || memchr(start, '\0', (size_t)(stop - start)))
            return parser_error(p, EINVAL, "this is not a line of a seccomp profile");
        memcpy(p->text, start, (size_t)(stop - start));
        p->text[stop - start] = '\0';
        return 1;
    }
    return 0;
}

/*
 * Move the word at *rest, which ends at a blank or a bracket, to `out`. Returns its length, 0 if there is
 * none.
 */
static size_t parser_word(const char **rest, char out[64])
{
    const char *word = *rest + strspn(*rest, " \t");
    size_t length = strcspn(word, " \t["), kept = length < 63 ? length : 63;

    memcpy(out, word, kept);
    out[kept] = '\0';
    *rest = word + length;
    *rest += strspn(*rest, " \t");
    return length;
}

/* Parse an action; `fallback` if there is none. */
static int parser_action(struct parser *p, const char **rest, uint32_t fallback, uint32_t *out)
{
    static const struct {
        char name[8];
        uint32_t action;
    } actions[] = {
        {"allow", SECCOMP_RET_ALLOW},       {"kill", SECCOMP_RET_KILL_PROCESS}, {"trap", SECCOMP_RET_TRAP},
        {"notify", SECCOMP_RET_USER_NOTIF}, {"errno", SECCOMP_RET_ERRNO},
    };
    char word[64];
    uint64_t number = 0;

    *out = fallback;
    if (!parser_word(rest, word))
        return 0;
    for (size_t i = 0; i < ARRAY_LENGTH(actions); i++) {
        if (strcmp(word, actions[i].name) != 0)
            continue;
        /* The kernel accepts no errno above 4095 (MAX_ERRNO). */
        if (actions[i].action == SECCOMP_RET_ERRNO &&
            (!parser_word(rest, word) || parse_uint64(word, 0, 4095, &number) < 0))
            return parser_error(p, EINVAL, "\"errno\" must be followed by a number from 0 to 4095");
        *out = actions[i].action | (uint32_t)number;
        p->policy->notifies |= *out == SECCOMP_RET_USER_NOTIF;
        return 0;
    }
    return parser_error(p, EINVAL, "\"%s\" is not an action (allow, kill, trap, notify, errno N)", word);
}

static int condition_parse_op(const char *word, enum seccomp_op *op)
{
    /* In the order of enum seccomp_op. */
    static const char signs[][3] = {"!=", "<", "<=", "==", ">=", ">", "&="};
    static const char names[][12] = {"NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"};

    for (size_t i = 0; i < ARRAY_LENGTH(signs); i++) {
        if (strcmp(word, signs[i]) == 0 ||
            (starts_with(word, "SCMP_CMP_") && strcmp(word + strlen("SCMP_CMP_"), names[i]) == 0)) {
            *op = (enum seccomp_op)i;
            return 0;
        }
    }
    return -EINVAL;
}

/* Parse the text between the brackets: INDEX,VALUE,OP[,MASK]. */
static int condition_parse(char *text, struct seccomp_condition *c)
{
    char *fields[4] = {0}, *field;
    size_t count = 0;
    uint64_t index;

    while ((field = strsep(&text, ","))) {
        field += strspn(field, " \t");
        field[strcspn(field, " \t")] = '\0';
        if (count == ARRAY_LENGTH(fields))
            return -EINVAL;
        fields[count++] = field;
    }
    if (count < 3 || parse_uint64(fields[0], 0, 5, &index) < 0 ||
        parse_uint64(fields[1], 0, UINT64_MAX, &c->value) < 0 || condition_parse_op(fields[2], &c->op) < 0)
        return -EINVAL;
    c->index = (uint8_t)index;
    /* Without a mask every value would match, which is certainly a mistake. */
    if ((c->op == OP_MASKED_EQ) != (count == 4))
        return -EINVAL;
    return count == 4 ? parse_uint64(fields[3], 0, UINT64_MAX, &c->mask) : 0;
}

static int parser_conditions(struct parser *p, const char *rest, struct seccomp_rule *rule)
{
    while (*rest) {
        const char *close = strchr(rest, ']');
        char text[96];

        if (*rest != '[' || !close || (size_t)(close - rest) > sizeof(text))
            return parser_error(
                p, EINVAL, "\"%s\" is not a condition ([INDEX,VALUE,OP] or [INDEX,VALUE,&=,MASK])", rest);
        if (rule->condition_count == ARRAY_LENGTH(rule->conditions))
            return parser_error(p, E2BIG, "a rule has at most six conditions");
        memcpy(text, rest + 1, (size_t)(close - rest - 1));
        text[close - rest - 1] = '\0';
        if (condition_parse(text, &rule->conditions[rule->condition_count++]) < 0)
            return parser_error(p, EINVAL,
                                "\"%.*s\" is not a condition ([INDEX,VALUE,OP] or [INDEX,VALUE,&=,MASK])",
                                (int)(close - rest + 1), rest);
        rest = close + 1;
        rest += strspn(rest, " \t");
    }
    return 0;
}

static int parser_add_rule(struct parser *p, const struct seccomp_rule *rule)
{
    struct seccomp_policy *policy = p->policy;

    if (policy->count == SECCOMP_RULES_MAX)
        return parser_error(p, E2BIG, "a profile has at most %d rules", SECCOMP_RULES_MAX);
    if (policy->count == p->capacity) {
        size_t capacity = p->capacity ? p->capacity * 2 : 16;
        struct seccomp_rule *grown = realloc(policy->rules, capacity * sizeof(*grown));

        if (!grown)
            return error_set(p->err, ENOMEM, "cannot read %s", p->origin);
        policy->rules = grown;
        p->capacity = capacity;
    }
    policy->rules[policy->count++] = *rule;
    return 0;
}

/* Add the rule for a call in one ABI, for each number of the call in that ABI. */
static int parser_add_named(struct parser *p, struct seccomp_rule *rule, size_t abi, const char *name)
{
    uint16_t which;
    int r = 0;

    rule->abi = (uint8_t)abi;
    rule->number = syscall_number(abi, name);
    if (rule->number >= 0)
        r = parser_add_rule(p, rule);
    /* There, the arguments are behind a pointer, which a filter cannot read. */
    if (r < 0 || rule->condition_count)
        return r;
    struct seccomp_rule other = *rule;
    other.number = syscall_multiplexed(abi, name, &which);
    if (other.number < 0)
        return 0;
    other.condition_count = 1;
    other.conditions[0] = (struct seccomp_condition){0, OP_MASKED_EQ, which, 0xffff};
    return parser_add_rule(p, &other);
}

static int parser_rule(struct parser *p)
{
    struct seccomp_rule rule = {0};
    const char *rest = p->text;
    char name[64];
    int r;

    if (!parser_word(&rest, name))
        return parser_error(p, EINVAL, "a rule begins with the name of a system call");
    if (strcmp(name, "reject_force_umount") == 0) {
        if (*rest)
            return parser_error(p, EINVAL, "reject_force_umount accepts no arguments");
        strcpy(name, "umount2");
        rule.action = SECCOMP_RET_ERRNO | EACCES;
        rule.condition_count = 1;
        rule.conditions[0] = (struct seccomp_condition){1, OP_MASKED_EQ, MNT_FORCE, MNT_FORCE};
    } else {
        r = parser_action(p, &rest, p->rule_action, &rule.action);
        if (r == 0)
            r = parser_conditions(p, rest, &rule);
        if (r < 0)
            return r;
    }
    if (!syscall_known(name)) {
        if (rule.action != SECCOMP_RET_ALLOW) {
            r = parser_error(p, EINVAL, "there is no system call \"%s\", so it cannot be confined", name);
            error_remedy(p->err, "correct its name, or remove the line");
            return r;
        }
        log_warn("seccomp", "%s:%u: there is no system call \"%s\"; the line is ignored", p->origin, p->line,
                 name);
    }
    for (size_t abi = 0; abi < syscall_abi_count; abi++) {
        if (p->abi != ALL_ABIS && p->abi != (int)abi)
            continue;
        r = parser_add_named(p, &rule, abi, name);
        if (r < 0)
            return r;
    }
    return 0;
}

/* A section, "[x86_64]". */
static int parser_section(struct parser *p)
{
    static const char others[][12] = {"x86_64",    "x86",     "x32",        "arm",         "arm64",
                                      "ppc",       "ppc64",   "ppc64le",    "mips",        "mips64",
                                      "mips64n32", "mipsel",  "mipsel64",   "mipsel64n32", "s390",
                                      "s390x",     "riscv64", "loongarch64"};
    char *name = p->text + 1, *close = strchr(name, ']');

    if (!close || close[1])
        return parser_error(p, EINVAL, "\"%s\" is not a section", p->text);
    *close = '\0';
    p->abi = OTHER_ABIS;
    if (strcasecmp(name, "all") == 0) {
        p->abi = ALL_ABIS;
        return 0;
    }
    for (size_t i = 0; i < syscall_abi_count; i++) {
        if (strcasecmp(name, syscall_abis[i].name) == 0) {
            p->abi = (int)i;
            return 0;
        }
    }
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
        if (strcasecmp(name, others[i]) == 0)
            return 0;
    return parser_error(p, EINVAL, "\"[%s]\" is not an architecture", name);
}

/* Version 1: one number per line, for the native ABI of this machine. */
static int parser_number(struct parser *p)
{
    struct seccomp_rule rule = {.abi = 0, .action = SECCOMP_RET_ALLOW};
    uint64_t number;

    if (parse_uint64(p->text, 10, INT32_MAX, &number) < 0)
        return parser_error(p, EINVAL, "\"%s\" is not the number of a system call", p->text);
    rule.number = (int)number;
    return parser_add_rule(p, &rule);
}

/* The version and the kind of list, on two lines or on one. */
static int parser_head(struct parser *p, uint64_t *version)
{
    struct seccomp_policy *policy = p->policy;
    const char *rest = p->text;
    char word[64];
    bool allows;
    int r = parser_next_line(p);

    if (r < 0)
        return r;
    if (r == 0 || !parser_word(&rest, word) || parse_uint64(word, 10, 2, version) < 0 || *version == 0)
        return parser_error(p, EINVAL, "a seccomp profile begins with its version, 1 or 2");
    if (!*rest) {
        r = parser_next_line(p);
        if (r < 0)
            return r;
        rest = r ? p->text : "";
    }
    parser_word(&rest, word);
    allows = strcmp(word, "allowlist") == 0 || strcmp(word, "whitelist") == 0;
    if (!allows && (*version == 1 || (strcmp(word, "denylist") != 0 && strcmp(word, "blacklist") != 0)))
        return parser_error(p, EINVAL, "a seccomp profile of version %d is %s, not \"%s\"", (int)*version,
                            *version == 1 ? "an allowlist" : "an allowlist or a denylist", word);
    p->rule_action = allows ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS;
    r = parser_action(p, &rest, allows ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ALLOW,
                      &policy->default_action);
    if (r == 0 && *rest)
        r = parser_error(p, EINVAL, "\"%s\" has no meaning here", rest);
    return r;
}

int seccomp_policy_parse(const char *text, size_t length, const char *origin, struct seccomp_policy *out,
                         struct error *err)
{
    cleanup_seccomp_policy struct seccomp_policy policy = {0};
    struct parser p = {
        .origin = origin, .next = text, .end = text + length, .abi = ALL_ABIS, .policy = &policy, .err = err};
    uint64_t version;
    int r = parser_head(&p, &version);

    while (r == 0) {
        r = parser_next_line(&p);
        if (r <= 0)
            break;
        if (version == 1)
            r = parser_number(&p);
        else if (p.text[0] == '[')
            r = parser_section(&p);
        else if (p.abi != OTHER_ABIS)
            r = parser_rule(&p);
        else
            r = 0;
    }
    if (r < 0)
        return r;
    *out = policy;
    policy = (struct seccomp_policy){0};
    return 0;
}
