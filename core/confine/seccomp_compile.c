/*
 * Compiling a policy to a BPF program. For each value of seccomp_data.arch, the call numbers are divided into
 * ranges with the same rules and action, and a binary search finds the range of a call, so that a call takes
 * few instructions even with a long profile. Before an unconditional action there are only instructions that
 * the kernel can evaluate statically (seccomp_is_const_allow(), Linux 5.11): calls that are always allowed
 * then have no cost.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/confine/seccomp.h"
#include "core/confine/syscalls.h"

#define LOAD     (BPF_LD | BPF_W | BPF_ABS)
#define JUMP_MAX 255 /* of a conditional jump */

/* The calls from `first` up to the next range: the rules in order, then the default action. */
struct range {
    uint32_t first;
    const struct seccomp_rule *const *rules;
    size_t rule_count;
    uint32_t action;
};

void seccomp_program_free(struct seccomp_program *p)
{
    free(p->code);
    *p = (struct seccomp_program){0};
}

/* `code` has space for BPF_MAXINSNS instructions; further ones are only counted, and rejected at the end. */
static void program_emit(struct seccomp_program *p, int code, uint32_t k, size_t if_true, size_t if_false)
{
    if (p->count < BPF_MAXINSNS)
        p->code[p->count] = (struct sock_filter){(uint16_t)code, (uint8_t)if_true, (uint8_t)if_false, k};
    p->count++;
}

/*
 * Set a target of the conditional jump at `at` (`if_true` or `if_false`) to skip all following instructions.
 */
static void program_jump_over(struct seccomp_program *p, size_t at, bool if_true)
{
    size_t length = p->count - at - 1;

    if (p->count >= BPF_MAXINSNS)
        return;
    if (length <= JUMP_MAX) {
        *(if_true ? &p->code[at].jt : &p->code[at].jf) = (uint8_t)length;
        return;
    }
    /*
     * Too far: insert a long jump that the other target skips. Jumps are relative, so following code can
     * move.
     */
    memmove(&p->code[at + 2], &p->code[at + 1], length * sizeof(*p->code));
    p->code[at + 1] = (struct sock_filter){BPF_JMP | BPF_JA, 0, 0, (uint32_t)length};
    *(if_true ? &p->code[at].jf : &p->code[at].jt) = 1;
    p->count++;
}

/* Offset of the low or high half of an argument, which depends on the byte order. */
static uint32_t argument_half(unsigned index, bool high)
{
    uint32_t offset = (uint32_t)offsetof(struct seccomp_data, args) + 8 * index;

    return offset + (high == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) ? 4 : 0);
}

/*
 * Within the short code of one rule, jumps first contain symbolic targets and are made relative at the end of
 * the rule.
 */
enum { NEXT = 0, PASS = 254, FAIL = 255 };

static void program_emit_condition(struct seccomp_program *p, const struct seccomp_condition *c, bool narrow)
{
    uint32_t high = (uint32_t)(c->value >> 32), low = (uint32_t)c->value;
    /* x < v is !(x >= v), x <= v is !(x > v). */
    bool negated = c->op == OP_NE || c->op == OP_LT || c->op == OP_LE;
    size_t yes = negated ? FAIL : PASS, no = negated ? PASS : FAIL;

    switch (c->op) {
    case OP_MASKED_EQ:
        if (!narrow) {
            program_emit(p, LOAD, argument_half(c->index, true), 0, 0);
            program_emit(p, BPF_ALU | BPF_AND | BPF_K, (uint32_t)(c->mask >> 32), 0, 0);
            program_emit(p, BPF_JMP | BPF_JEQ | BPF_K, high, NEXT, FAIL);
        }
        program_emit(p, LOAD, argument_half(c->index, false), 0, 0);
        program_emit(p, BPF_ALU | BPF_AND | BPF_K, (uint32_t)c->mask, 0, 0);
        program_emit(p, BPF_JMP | BPF_JEQ | BPF_K, low, PASS, FAIL);
        break;
    case OP_EQ:
    case OP_NE:
        if (!narrow) {
            program_emit(p, LOAD, argument_half(c->index, true), 0, 0);
            program_emit(p, BPF_JMP | BPF_JEQ | BPF_K, high, NEXT, no);
        }
        program_emit(p, LOAD, argument_half(c->index, false), 0, 0);
        program_emit(p, BPF_JMP | BPF_JEQ | BPF_K, low, yes, no);
        break;
    default:
        if (!narrow) {
            program_emit(p, LOAD, argument_half(c->index, true), 0, 0);
            program_emit(p, BPF_JMP | BPF_JGT | BPF_K, high, yes, NEXT);
            program_emit(p, BPF_JMP | BPF_JEQ | BPF_K, high, NEXT, no);
        }
        program_emit(p, LOAD, argument_half(c->index, false), 0, 0);
        program_emit(p, BPF_JMP | (c->op == OP_GE || c->op == OP_LT ? BPF_JGE : BPF_JGT) | BPF_K, low, yes,
                     no);
        break;
    }
}

static void program_emit_rule(struct seccomp_program *p, const struct seccomp_rule *rule)
{
    size_t starts[ARRAY_LENGTH(rule->conditions) + 1], end;

    for (size_t i = 0; i < rule->condition_count; i++) {
        starts[i] = p->count;
        program_emit_condition(p, &rule->conditions[i], syscall_abis[rule->abi].is_narrow);
    }
    starts[rule->condition_count] = p->count;
    program_emit(p, BPF_RET | BPF_K, rule->action, 0, 0);
    end = p->count;
    for (size_t i = 0; i < rule->condition_count && end <= BPF_MAXINSNS; i++) {
        for (size_t at = starts[i]; at < starts[i + 1]; at++) {
            uint8_t *ways[] = {&p->code[at].jt, &p->code[at].jf};
            for (size_t w = 0; w < ARRAY_LENGTH(ways); w++)
                if (*ways[w] >= PASS)
                    *ways[w] = (uint8_t)((*ways[w] == PASS ? starts[i + 1] : end) - at - 1);
        }
    }
}

/* The accumulator contains the call number. */
static void program_emit_ranges(struct seccomp_program *p, const struct range *ranges, size_t count)
{
    if (count == 1) {
        for (size_t i = 0; i < ranges->rule_count; i++)
            program_emit_rule(p, ranges->rules[i]);
        program_emit(p, BPF_RET | BPF_K, ranges->action, 0, 0);
        return;
    }
    size_t at = p->count, middle = count / 2;
    program_emit(p, BPF_JMP | BPF_JGE | BPF_K, ranges[middle].first, 0, 0);
    program_emit_ranges(p, ranges, middle);
    program_jump_over(p, at, true);
    program_emit_ranges(p, ranges + middle, count - middle);
}

static void ranges_add(struct range *ranges, size_t *count, struct range r)
{
    struct range *last = *count ? &ranges[*count - 1] : NULL;

    if (!last || last->rule_count || r.rule_count || last->action != r.action)
        ranges[(*count)++] = r;
}

/*
 * Divide the numbers of one arch into ranges; `rules` are sorted by number, then in the order of the policy.
 */
static size_t ranges_build(const struct seccomp_rule *const *rules, size_t count, uint32_t default_action,
                           struct range *ranges)
{
    size_t made = 0;
    uint64_t next = 0;

    for (size_t i = 0, same; i < count; i += same) {
        struct range r = {(uint32_t)rules[i]->number, rules + i, 0, default_action};

        for (same = 1; i + same < count && rules[i + same]->number == rules[i]->number; same++)
            ;
        while (r.rule_count < same && rules[i + r.rule_count]->condition_count)
            r.rule_count++;
        if (r.rule_count < same)
            r.action = rules[i + r.rule_count]->action; /* a rule without conditions is final */
        if (r.first > next)
            ranges_add(ranges, &made, (struct range){(uint32_t)next, NULL, 0, default_action});
        ranges_add(ranges, &made, r);
        next = (uint64_t)r.first + 1;
    }
    ranges_add(ranges, &made, (struct range){(uint32_t)next, NULL, 0, default_action});
    return made;
}

/* Sort by number; rules for the same call keep the order of the policy, which is that of their addresses. */
static int rules_by_number(const void *a, const void *b)
{
    const struct seccomp_rule *x = *(const struct seccomp_rule *const *)a,
                              *y = *(const struct seccomp_rule *const *)b;

    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x < y ? -1 : x > y;
}

static void program_compile_arch(const struct seccomp_policy *policy, uint32_t arch,
                                 const struct seccomp_rule **rules, struct range *ranges,
                                 struct seccomp_program *p)
{
    size_t count = 0, at = p->count;

    for (size_t i = 0; i < policy->count; i++)
        if (syscall_abis[policy->rules[i].abi].audit_arch == arch)
            rules[count++] = &policy->rules[i];
    qsort(rules, count, sizeof(*rules), rules_by_number);
    program_emit(p, BPF_JMP | BPF_JEQ | BPF_K, arch, 0, 0);
    program_emit(p, LOAD, offsetof(struct seccomp_data, nr), 0, 0);
    program_emit_ranges(p, ranges, ranges_build(rules, count, policy->default_action, ranges));
    program_jump_over(p, at, false);
}

int seccomp_compile(const struct seccomp_policy *policy, struct seccomp_program *out, struct error *err)
{
    cleanup_seccomp_program struct seccomp_program p = {.code = calloc(BPF_MAXINSNS, sizeof(*p.code)),
                                                        .notifies = policy->notifies};
    cleanup_free const struct seccomp_rule **rules = calloc(policy->count + 1, sizeof(*rules));
    cleanup_free struct range *ranges = calloc(2 * policy->count + 1, sizeof(*ranges));
    struct sock_filter *code;

    if (!p.code || !rules || !ranges)
        return error_set(err, ENOMEM, "cannot compile the seccomp profile");
    program_emit(&p, LOAD, offsetof(struct seccomp_data, arch), 0, 0);
    for (size_t abi = 0; abi < syscall_abi_count; abi++) {
        size_t seen = 0;

        /* x32 and x86_64 have the same arch, and therefore a common search tree. */
        while (syscall_abis[seen].audit_arch != syscall_abis[abi].audit_arch)
            seen++;
        if (seen == abi)
            program_compile_arch(policy, syscall_abis[abi].audit_arch, rules, ranges, &p);
    }
    program_emit(&p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
    if (p.count > BPF_MAXINSNS) {
        error_text(err, E2BIG,
                   "the seccomp profile requires more than the %d instructions that the kernel allows",
                   BPF_MAXINSNS);
        return error_remedy(err, "shorten it, especially rules with conditions on arguments");
    }
    code = realloc(p.code, p.count * sizeof(*code));
    if (code)
        p.code = code;
    *out = p;
    p = (struct seccomp_program){0};
    return 0;
}
