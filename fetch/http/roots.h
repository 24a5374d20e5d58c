/*
 * The certificate authorities that lxcbox trusts by default: those of Debian's package ca-certificates. The
 * Makefile generates this table at build time, compressed by gzip (10 KB smaller). The table is bytes instead
 * of BearSSL structs, because each pointer would need a relocation. For each authority it has the name, then
 * the key: a byte 1 with modulus and exponent of an RSA key, or a byte 2 with the point of an elliptic curve.
 * Name, numbers and point are each preceded by their length in two bytes, big-endian. See trust.c.
 */
#ifndef LXCBOX_FETCH_HTTP_ROOTS_H
#define LXCBOX_FETCH_HTTP_ROOTS_H

#include <stddef.h>

extern const unsigned char roots[];
extern const size_t roots_size;
/* The uncompressed size of the table. */
extern const size_t roots_whole;

#endif
