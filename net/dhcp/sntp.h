/* Asking a time server once. Source: RFC 4330 (SNTP version 4), a client's part. */
#ifndef LXCBOX_NET_DHCP_SNTP_H
#define LXCBOX_NET_DHCP_SNTP_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/base/error.h"

#define SNTP_SIZE 48 /* bytes of a message */

/* A request. `cookie` comes back in the answer: anything that cannot be guessed. */
void sntp_request(uint64_t cookie, uint8_t out[SNTP_SIZE]);

/* The server's time from an answer to the request with this cookie; -EINVAL for anything else, also from a
 * server that does not know the time itself. */
int sntp_answer(const uint8_t *bytes, size_t length, uint64_t cookie, struct timespec *out);

/* Ask a host, by name or address, and set the machine's clock. 0 or a negative errno with `err` filled. */
int sntp_set_clock(const char *host, struct error *err);

#endif
