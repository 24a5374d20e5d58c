/*
 * Formats of texts and sums that all modules share. Read this header first, then the header of the functions
 * that you need.
 *
 *     json.h          writing JSON
 *     json_read.h     reading JSON from untrusted sources
 *     base64.h        bytes as text
 *     sha256.h        checksums, by the processor's instructions where it has them
 */
#ifndef LXCBOX_CORE_ENCODING_ENCODING_H
#define LXCBOX_CORE_ENCODING_ENCODING_H
#endif
