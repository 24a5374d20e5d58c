/*
 * Extended regular expressions that a user gives: those of the C library, with the reason where one is
 * refused. Source: regex(3), regex(7). (Patterns of the shell are left to fnmatch(3).)
 */
#ifndef LXCBOX_CORE_BASE_PATTERN_H
#define LXCBOX_CORE_BASE_PATTERN_H

#include <regex.h>

#include "core/base/error.h"

/* Start with {0}, which regfree(3) takes too. */
#define cleanup_regex __attribute__((cleanup(regfree)))

/*
 * Compile an expression, to be matched without offsets (REG_NOSUB). 0; -EINVAL with the C library's reason,
 * or for one whose repetitions make it too large: "((a{200}){200}){200}" has eight million states.
 */
int pattern_compile(regex_t *x, const char *text, struct error *err);

#endif
