/*
 * The certificate authorities that lxcbox trusts where no file is named: those of Debian's ca-certificates
 * package, which the Makefile turns into this table at build time, compressed by gzip (10 KB less). As bytes
 * and not as BearSSL's structs, whose pointers would need a relocation each: for each authority its name,
 * then its key. That is a byte 1 and an RSA key's modulus and exponent, or a byte 2 and an elliptic curve's
 * point. Name, numbers and point each follow their length in two bytes, the higher one first. See trust.c.
 */
#ifndef LXCBOX_FETCH_HTTP_ROOTS_H
#define LXCBOX_FETCH_HTTP_ROOTS_H

#include <stddef.h>

extern const unsigned char roots[];
extern const size_t roots_size;
/* The table's size when it is not compressed. */
extern const size_t roots_whole;

#endif
