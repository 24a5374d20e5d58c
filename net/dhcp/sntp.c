#include "net/dhcp/sntp.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "core/base/lookup.h"

#define TRIES      3
#define TIMEOUT_MS 2000
/* Seconds from 1900, the epoch of NTP, to 1970; NTP time wraps in 2036, after 2^32 seconds. */
#define EPOCH INT64_C(2208988800)

static uint32_t sntp_read32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void sntp_request(uint64_t cookie, uint8_t out[SNTP_SIZE])
{
    memset(out, 0, SNTP_SIZE);
    out[0] = 4 << 3 | 3; /* version, client mode */
    /* The transmit timestamp: the server copies it without interpreting it. */
    memcpy(out + 40, &cookie, sizeof(cookie));
}

int sntp_answer(const uint8_t *bytes, size_t length, uint64_t cookie, struct timespec *out)
{
    int64_t seconds;

    if (length < SNTP_SIZE || (bytes[0] & 7) != 4 || bytes[0] >> 6 == 3 || bytes[1] == 0 || bytes[1] > 15 ||
        memcmp(bytes + 24, &cookie, sizeof(cookie)) != 0)
        return -EINVAL;
    seconds = sntp_read32(bytes + 40);
    if (seconds == 0)
        return -EINVAL;
    /* RFC 4330, 3: the highest bit is clear in times after 2036. */
    seconds += seconds & INT64_C(0x80000000) ? 0 : INT64_C(1) << 32;
    out->tv_sec = (time_t)(seconds - EPOCH);
    out->tv_nsec = (long)((uint64_t)sntp_read32(bytes + 44) * 1000000000 >> 32);
    return 0;
}

static int sntp_query(int fd, struct timespec *out)
{
    struct pollfd p = {fd, POLLIN, 0};
    uint8_t message[SNTP_SIZE];
    uint64_t cookie;
    ssize_t n;

    if (getrandom(&cookie, sizeof(cookie), 0) < 0)
        return -errno;
    sntp_request(cookie, message);
    if (send(fd, message, sizeof(message), 0) < 0)
        return -errno;
    while (poll(&p, 1, TIMEOUT_MS) > 0) {
        n = recv(fd, message, sizeof(message), 0);
        if (n < 0)
            return -errno;
        if (sntp_answer(message, (size_t)n, cookie, out) == 0)
            return 0;
    }
    return -ETIMEDOUT;
}

int sntp_set_clock(const char *host, struct error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *addresses;
    struct timespec now;
    int r = lookup_host(host, "123", &hints, &addresses, err);

    if (r < 0)
        return error_context(err, "cannot query time server %s", host);
    r = -ETIMEDOUT;
    for (int i = 0; i < TRIES && r < 0; i++) {
        for (const struct addrinfo *a = addresses; a && r < 0; a = a->ai_next) {
            cleanup_fd int fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

            r = fd < 0 || connect(fd, a->ai_addr, a->ai_addrlen) < 0 ? -errno : sntp_query(fd, &now);
        }
    }
    freeaddrinfo(addresses);
    if (r == 0 && clock_settime(CLOCK_REALTIME, &now) < 0)
        return error_set(err, errno, "cannot set the clock");
    return r < 0 ? error_set(err, r, "no time from server %s", host) : 0;
}
