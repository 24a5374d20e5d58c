#include "core/base/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define HOSTS       "/etc/hosts"
#define FILE_MAX    (1 << 20) /* bytes */
#define REFUSAL_MS  100       /* the loopback interface reports a refusal immediately */

bool lookup_hosts_has(const char *text, const char *name)
{
    size_t length = strlen(name);
    bool is_address = true;

    for (const char *c = text; *c;) {
        size_t word = strcspn(c, " \t\r\n#");

        if (word == length && !is_address && strncasecmp(c, name, length) == 0)
            return true;
        is_address = is_address && !word;
        c += word;
        if (*c == '#')
            c += strcspn(c, "\n");
        if (*c == '\n')
            is_address = true;
        c += *c != '\0';
    }
    return false;
}

bool lookup_has_server(const char *text)
{
    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (starts_with(line, "nameserver ") || starts_with(line, "nameserver\t"))
            return true;
    return false;
}

static bool is_localhost(const char *host)
{
    size_t length = strlen(host);

    return strcasecmp(host, "localhost") == 0 ||
           (length > 10 && strcasecmp(host + length - 10, ".localhost") == 0);
}

/*
 * Whether a name server runs on the loopback address, which the C library queries if no server is configured.
 * An empty datagram to a port without a listener is refused.
 */
static bool lookup_loopback_serves(void)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct pollfd p = {.fd = fd};

    return fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 &&
           send(fd, "", 0, MSG_NOSIGNAL) == 0 && poll(&p, 1, REFUSAL_MS) == 0;
}

/* Fail if there is no source that could resolve the name. */
static int lookup_check_sources(const char *host, struct error *err)
{
    cleanup_free char *hosts = NULL, *conf = NULL;
    int r = file_read(AT_FDCWD, RESOLV_CONF, FILE_MAX, &conf, NULL);

    if (r == 0 ? lookup_has_server(conf) : r != -ENOENT)
        return 0;
    if (file_read(AT_FDCWD, HOSTS, FILE_MAX, &hosts, NULL) == 0 && lookup_hosts_has(hosts, host))
        return 0;
    if (lookup_loopback_serves())
        return 0;
    error_text(err, ENXIO, "cannot look up the name %s: %s", host,
               r < 0 ? "there is no " RESOLV_CONF : RESOLV_CONF " names no server");
    return error_remedy(err, "write a line \"nameserver ADDRESS\" into " RESOLV_CONF);
}

static int lookup_explain(const char *host, int code, struct error *err)
{
    if (code == EAI_SYSTEM || code == EAI_MEMORY)
        return error_set(err, code == EAI_SYSTEM ? errno : ENOMEM, "cannot look up the name %s", host);
    if (code == EAI_AGAIN || code == EAI_FAIL) {
        error_text(err, EAGAIN, "cannot look up the name %s: no name server answers", host);
        error_remedy(err, "check the network and the nameserver lines of " RESOLV_CONF);
        return -EAGAIN;
    }
    error_text(err, ENXIO, "there is no host named %s", host);
    error_remedy(err, "check the name, and " RESOLV_CONF);
    return -ENXIO;
}

int lookup_host(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out,
                struct error *err)
{
    struct addrinfo numeric = *hints;
    int code, r;

    if (is_localhost(host))
        host = service ? NULL : hints->ai_family == AF_INET6 ? "::1" : "127.0.0.1";
    numeric.ai_flags |= AI_NUMERICHOST;
    if (getaddrinfo(host, service, &numeric, out) == 0)
        return 0;
    host = host ? host : "localhost";
    r = lookup_check_sources(host, err);
    if (r < 0)
        return r;
    code = getaddrinfo(host, service, hints, out);
    return code ? lookup_explain(host, code, err) : 0;
}
