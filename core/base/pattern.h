/*
 * Extended regular expressions from the user: those of the C library, with the reason if one is rejected.
 * Source: regex(3), regex(7). (For shell patterns use fnmatch(3).)
 */
#ifndef LXCBOX_CORE_BASE_PATTERN_H
#define LXCBOX_CORE_BASE_PATTERN_H

#include <regex.h>

#include "core/base/error.h"

/* Initialize with {0}, which regfree(3) accepts too. */
#define cleanup_regex __attribute__((cleanup(regfree)))

/*
 * Compile an expression, to be matched without offsets (REG_NOSUB). 0; -EINVAL with the C library's reason,
 * or if repetitions make the expression too large: "((a{200}){200}){200}" has eight million states.
 */
int pattern_compile(regex_t *x, const char *text, struct error *err);

#endif
