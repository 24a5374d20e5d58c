#include "core/base/pattern.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "core/base/cleanup.h"

/* --- What a bracket holds: one character or class after another --- */

/* A name in "[:alpha:]", "[.a.]" or "[=a=]", after the first bracket: its end, or NULL. */
static const char *named(const char *at)
{
    const char *end = at[0] && at[1] ? strchr(at + 2, at[0]) : NULL;

    return end && end[1] == ']' ? end + 2 : NULL;
}

static bool is_named_start(const char *at)
{
    return at[0] == '[' && at[1] && strchr(":.=", at[1]);
}

/* One end of a range. False for what is no single character. */
static bool bracket_character(const char **at, unsigned char *c)
{
    const char *end;

    if (!is_named_start(*at)) {
        *c = (unsigned char)*(*at)++;
        return true;
    }
    end = named(*at + 1);
    if (!end || (*at)[1] == ':' || end - *at != 5)
        return false;
    *c = (unsigned char)(*at)[2];
    *at = end;
    return true;
}

static bool in_class(const char *name, size_t length, unsigned char c, bool *known)
{
    char text[8] = {0};
    wctype_t type;

    if (length < sizeof(text))
        memcpy(text, name, length);
    type = wctype(text);
    *known = type != 0;
    return iswctype(c, type);
}

/* Whether a bracket, given after its "[", holds a byte: -1 for one that is malformed. `end` is then where
 * that was seen, and else what follows the "]". */
static int bracket_has(const char *at, unsigned char c, const char *negations, const char **end)
{
    bool negated = *at && strchr(negations, *at), found = false, known = true;
    const char *first = at += negated;

    while (known && (*at != ']' || at == first)) {
        unsigned char low, high;

        *end = at;
        if (!*at)
            return -1;
        if (at[0] == '[' && at[1] == ':') {
            const char *after = named(at + 1);

            if (!after)
                return -1;
            found |= in_class(at + 2, (size_t)(after - at - 4), c, &known);
            at = after;
            continue;
        }
        if (!bracket_character(&at, &low))
            return -1;
        high = low;
        if (at[0] == '-' && at[1] && at[1] != ']') {
            at++;
            if (!bracket_character(&at, &high) || high < low)
                return -1;
        }
        found |= c >= low && c <= high;
    }
    if (!known)
        return -1;
    *end = at + 1;
    return found != negated;
}

/* --- The shell's patterns --- */

/* Hold what the pattern begins with against a byte, and go past it. */
static bool glob_one(const char **pattern, unsigned char c)
{
    const char *at = (*pattern)++, *end;
    int r;

    if (*at == '?')
        return true;
    if (*at == '[') {
        r = bracket_has(at + 1, c, "!^", &end);
        if (r >= 0) {
            *pattern = end;
            return r;
        }
    }
    if (*at == '\\' && at[1])
        at = (*pattern)++;
    return (unsigned char)*at == c;
}

bool glob_match(const char *pattern, const char *text, bool leading)
{
    const char *star = NULL, *tried = NULL;

    for (;;) {
        if (*pattern == '*') {
            star = ++pattern;
            tried = text;
            continue;
        }
        if (!*pattern && (!*text || (leading && *text == '/')))
            return true;
        if (*pattern && *text && glob_one(&pattern, (unsigned char)*text)) {
            text++;
            continue;
        }
        if (!star || !*tried)
            return false;
        pattern = star;
        text = ++tried;
    }
}

/* --- Regular expressions: steps, of which a match follows all at once (Thompson, CACM 11, 1968) --- */

enum step_kind {
    /* These take a byte... */
    STEP_BYTE,
    STEP_ANY,
    STEP_SET,
    STEP_NOT_SET,
    /* ... and these do not. */
    STEP_JUMP,
    STEP_FORK,
    STEP_START,
    STEP_END,
    STEP_WORD,
    STEP_MATCH,
};

struct regex_step {
    enum step_kind kind;
    /* A jump goes this many steps on, a fork goes there and to the next. A byte is itself. A word's border
     * has a bit for each case of there being a part of a word before (2) and after it (1) that is one. */
    int number;
    /* The bracket. */
    const char *set;
};

/* 255 is RE_DUP_MAX; the other two bound what an expression can make us use. */
enum { REPEAT_MAX = 255, STEPS_MAX = 20000, DEPTH_MAX = 250 };

struct compiler {
    struct regex *x;
    const char *at;
    /* Groups that are open, and functions that wait. */
    unsigned groups, depth;
    /* Why it is no expression. */
    const char *reason;
};

static int fail(struct compiler *c, const char *reason)
{
    if (!c->reason)
        c->reason = reason;
    return -EINVAL;
}

/* Put `count` steps in before the one with index `where`. What jumps there jumps within what moves. */
static int insert(struct compiler *c, size_t where, const struct regex_step *steps, size_t count)
{
    struct regex *x = c->x;
    struct regex_step *larger;

    if (count > STEPS_MAX - x->count)
        return fail(c, "it is too large");
    larger = realloc(x->steps, (x->count + count + 1) * sizeof(*larger));
    if (!larger)
        return -ENOMEM;
    x->steps = larger;
    memmove(larger + where + count, larger + where, (x->count - where) * sizeof(*larger));
    if (count)
        memcpy(larger + where, steps, count * sizeof(*larger));
    x->count += count;
    return 0;
}

static int emit(struct compiler *c, struct regex_step step)
{
    return insert(c, c->x->count, &step, 1);
}

static int parse_alternatives(struct compiler *c);

static int parse_escape(struct compiler *c)
{
    char letter = *c->at;

    if (!letter)
        return fail(c, "a \\ ends it");
    c->at++;
    switch (letter) {
    case 'w':
    case 'W':
        return emit(c, (struct regex_step){letter == 'w' ? STEP_SET : STEP_NOT_SET, 0, "[:alnum:]_]"});
    case 's':
    case 'S':
        return emit(c, (struct regex_step){letter == 's' ? STEP_SET : STEP_NOT_SET, 0, "[:space:]]"});
    case '<':
        return emit(c, (struct regex_step){STEP_WORD, 1 << 1, NULL});
    case '>':
        return emit(c, (struct regex_step){STEP_WORD, 1 << 2, NULL});
    case 'b':
        return emit(c, (struct regex_step){STEP_WORD, 1 << 1 | 1 << 2, NULL});
    case 'B':
        return emit(c, (struct regex_step){STEP_WORD, 1 << 0 | 1 << 3, NULL});
    default:
        return emit(c, (struct regex_step){STEP_BYTE, (unsigned char)letter, NULL});
    }
}

static int parse_group(struct compiler *c)
{
    int r;

    c->groups++;
    r = parse_alternatives(c);
    c->groups--;
    if (r == 0 && *c->at++ != ')')
        r = fail(c, "a ( has no )");
    return r;
}

static int parse_atom(struct compiler *c)
{
    struct regex_step step = {STEP_BYTE, (unsigned char)*c->at++, NULL};

    switch (step.number) {
    case '(':
        return parse_group(c);
    case '\\':
        return parse_escape(c);
    case '[':
        step.kind = STEP_SET;
        step.set = c->at;
        if (bracket_has(step.set, 0, "^", &c->at) < 0)
            return fail(c, *c->at ? "what is in [] is no list of characters" : "a [ has no ]");
        break;
    case '.':
        step.kind = STEP_ANY;
        break;
    case '^':
        step.kind = STEP_START;
        break;
    case '$':
        step.kind = STEP_END;
        break;
    case '*':
    case '+':
    case '?':
    case '{':
        return fail(c, "there is nothing to repeat");
    }
    return emit(c, step);
}

static bool read_count(const char **at, int *count)
{
    for (*count = 0; **at >= '0' && **at <= '9' && *count <= REPEAT_MAX; (*at)++)
        *count = *count * 10 + (**at - '0');
    return *count <= REPEAT_MAX;
}

/* "*", "+", "?" or "{low,high}"; a high of -1 has no end. */
static int parse_repeat(struct compiler *c, int *low, int *high)
{
    const char *at = c->at++;

    *low = *at == '+';
    *high = *at == '?' ? 1 : -1;
    if (*at != '{')
        return 0;
    if (*++at != ',' && (*at < '0' || *at > '9'))
        return fail(c, "what is in {} is no number");
    if (!read_count(&at, low))
        return fail(c, "a number in {} is above 255");
    if (*at != ',')
        *high = *low;
    else if (*++at != '}' && (!read_count(&at, high) || *high < *low))
        return fail(c, "what is in {} is no range");
    c->at = at + 1;
    return *at == '}' ? 0 : fail(c, "a { has no }");
}

/* Replace the last `length` steps by their repetition: `low` times, then as often as `high` allows. */
static int repeat(struct compiler *c, size_t length, int low, int high)
{
    struct regex *x = c->x;
    size_t start = x->count - length;
    struct regex_step fork = {STEP_FORK, (int)length + 1, NULL};
    cleanup_free struct regex_step *steps = malloc((length + 1) * sizeof(*steps));
    int r = 0;

    if (!steps)
        return -ENOMEM;
    if (length)
        memcpy(steps, x->steps + start, length * sizeof(*steps));
    x->count = start;
    for (int i = 0; r == 0 && i < low; i++)
        r = insert(c, x->count, steps, length);
    if (r == 0 && high < 0 && low > 0)
        return emit(c, (struct regex_step){STEP_FORK, -(int)length, NULL});
    fork.number += high < 0;
    for (int i = low; r == 0 && (i < high || (high < 0 && i == low)); i++) {
        r = emit(c, fork);
        if (r == 0)
            r = insert(c, x->count, steps, length);
    }
    if (r == 0 && high < 0)
        r = emit(c, (struct regex_step){STEP_JUMP, -(int)length - 1, NULL});
    return r;
}

/* An atom and how often it comes. */
static int parse_piece(struct compiler *c)
{
    size_t start = c->x->count;
    int low, high, r = parse_atom(c);

    while (r == 0 && *c->at && strchr("*+?{", *c->at)) {
        r = parse_repeat(c, &low, &high);
        if (r == 0)
            r = repeat(c, c->x->count - start, low, high);
    }
    return r;
}

/* "A|B|C": a fork before A leads to B, and a jump after A to what follows them. A ")" that closes nothing is
 * an ordinary character. */
static int parse_alternatives(struct compiler *c)
{
    size_t start = c->x->count, end;
    struct regex_step fork = {STEP_FORK, 0, NULL};
    int r = 0;

    if (++c->depth > DEPTH_MAX)
        return fail(c, "it is too large");
    while (r == 0 && *c->at && *c->at != '|' && (*c->at != ')' || !c->groups))
        r = parse_piece(c);
    if (r < 0 || *c->at != '|') {
        c->depth--;
        return r;
    }
    c->at++;
    fork.number = (int)(c->x->count - start) + 2;
    r = insert(c, start, &fork, 1);
    if (r == 0)
        r = emit(c, (struct regex_step){STEP_JUMP, 0, NULL});
    end = c->x->count;
    if (r == 0)
        r = parse_alternatives(c);
    c->depth--;
    if (r == 0)
        c->x->steps[end - 1].number = (int)(c->x->count - end) + 1;
    return r;
}

int regex_compile(struct regex *x, const char *text, struct error *err)
{
    struct compiler c = {.x = x, .at = text};
    int r = parse_alternatives(&c);

    if (r == 0)
        r = emit(&c, (struct regex_step){STEP_MATCH, 0, NULL});
    if (r == -EINVAL)
        return error_text(err, EINVAL, "\"%s\" is not an extended regular expression: %s", text, c.reason);
    return r < 0 ? error_set(err, ENOMEM, "cannot read an expression") : 0;
}

void regex_free(struct regex *x)
{
    free(x->steps);
    *x = (struct regex){0};
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool takes(const struct regex_step *step, unsigned char c)
{
    const char *end;

    if (step->kind == STEP_BYTE)
        return step->number == c;
    return step->kind == STEP_ANY || bracket_has(step->set, c, "^", &end) == (step->kind == STEP_SET);
}

/* The steps that a match is at: each once. */
struct front {
    uint16_t *steps;
    size_t count;
    unsigned char *has;
};

static void reach(struct front *f, size_t step)
{
    if (f->has[step])
        return;
    f->has[step] = 1;
    f->steps[f->count++] = (uint16_t)step;
}

/* Go on to all that can be reached without another byte. True when that is the end. */
static bool spread(const struct regex *x, struct front *f, const char *text, const char *at)
{
    for (size_t i = 0; i < f->count; i++) {
        size_t here = f->steps[i];
        const struct regex_step *step = &x->steps[here];
        int border = (at != text && is_word(at[-1])) << 1 | is_word(*at);
        bool passes = step->kind == STEP_FORK || (step->kind == STEP_START && at == text) ||
                      (step->kind == STEP_END && !*at) ||
                      (step->kind == STEP_WORD && step->number >> border & 1);

        if (step->kind == STEP_MATCH)
            return true;
        if (step->kind == STEP_JUMP || step->kind == STEP_FORK)
            reach(f, here + (size_t)step->number);
        if (passes)
            reach(f, here + 1);
    }
    return false;
}

int regex_match(const struct regex *x, const char *text)
{
    cleanup_free unsigned char *room = malloc(x->count * 2 * (sizeof(uint16_t) + 1));
    struct front now = {.steps = (void *)room}, next;

    if (!room)
        return -ENOMEM;
    next.steps = now.steps + x->count;
    now.has = (void *)(next.steps + x->count);
    next.has = now.has + x->count;
    memset(now.has, 0, x->count);
    for (const char *at = text;; at++) {
        struct front other = now;

        reach(&now, 0);
        if (spread(x, &now, text, at))
            return 1;
        if (!*at)
            return 0;
        memset(next.has, 0, x->count);
        next.count = 0;
        for (size_t i = 0; i < now.count; i++)
            if (x->steps[now.steps[i]].kind < STEP_JUMP && takes(&x->steps[now.steps[i]], (unsigned char)*at))
                reach(&next, (size_t)now.steps[i] + 1);
        other = now;
        now = next;
        next = other;
    }
}
