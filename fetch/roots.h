/*
 * The certificate authorities that lxcbox trusts where no file is named: those of Debian's ca-certificates
 * package, which the Makefile turns into this table at build time.
 */
#ifndef LXCBOX_FETCH_ROOTS_H
#define LXCBOX_FETCH_ROOTS_H

#include <bearssl.h>
#include <stddef.h>

extern const br_x509_trust_anchor roots[];
extern const size_t roots_count;

#endif
