/*
 * Patterns of names: POSIX extended regular expressions, and the shell's patterns. Both answer only whether
 * a text matches, byte by byte as in the "C" locale. That is a tenth of the C library's regcomp, regexec
 * and fnmatch, which must also say where and how; and no pattern takes them more than pattern times text.
 */
#ifndef LXCBOX_CORE_BASE_PATTERN_H
#define LXCBOX_CORE_BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

/* A compiled expression. Start with {0}; release with regex_free or cleanup_regex. */
struct regex {
    struct regex_step *steps;
    size_t count;
};

#define cleanup_regex __attribute__((cleanup(regex_free)))

/* Compile an extended regular expression, as regex(7) has it, with GNU's \w \W \s \S \b \B \< \>. `text` must
 * live as long as the expression. -EINVAL for one that is none, with the reason in `err`; -ENOMEM. */
int regex_compile(struct regex *x, const char *text, struct error *err);
/* 1 when `text` or a part of it matches, 0 when not, -ENOMEM. */
int regex_match(const struct regex *x, const char *text);
void regex_free(struct regex *x);

/* As fnmatch(3) without flags: "*" and "?" match a slash too. With `leading` (its FNM_LEADING_DIR) it is
 * enough to match the text up to one of its slashes. */
bool glob_match(const char *pattern, const char *text, bool leading);

#endif
