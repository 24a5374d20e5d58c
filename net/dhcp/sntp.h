/* A single query of a time server. Source: RFC 4330 (SNTP version 4), the client. */
#ifndef LXCBOX_NET_DHCP_SNTP_H
#define LXCBOX_NET_DHCP_SNTP_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/base/error.h"

#define SNTP_SIZE 48 /* bytes of a message */

/* Write a request. `cookie` is an unpredictable value, which the reply repeats. */
void sntp_request(uint64_t cookie, uint8_t out[SNTP_SIZE]);

/* The time in a reply to the request with this cookie; -EINVAL for any other message, also from a server that
 * does not know the time. */
int sntp_answer(const uint8_t *bytes, size_t length, uint64_t cookie, struct timespec *out);

/* Query a host, by name or address, and set the clock of the machine. 0 or a negative errno with `err`
 * filled. */
int sntp_set_clock(const char *host, struct error *err);

#endif
