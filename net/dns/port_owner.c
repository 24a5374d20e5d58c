#include "net/dns/port_owner.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"

#define TABLE_MAX  (4 << 20) /* bytes */
#define INODES_MAX 16

/* "ADDRESS" in the format of the tables: hexadecimal words of 32 bits in the byte order of the machine. */
static void port_format(const struct ip *address, char out[40])
{
    for (size_t i = 0; i < ip_size(address->family); i += 4) {
        uint32_t word;

        memcpy(&word, address->bytes + i, sizeof(word));
        snprintf(out + 2 * i, 9, "%08X", word);
    }
}

/*
 * Whether a socket with the local address `local` occupies the port of `address` (family 0: of any address).
 */
static bool port_takes(const char *local, size_t length, const struct ip *address)
{
    static const char mapped[] = "0000000000000000FFFF0000"; /* ::ffff:0:0/96, on a little-endian machine */
    char wanted[40] = "";

    if (!address->family || strspn(local, "0") == length)
        return true;
    port_format(address, wanted);
    if (length == 32 && address->family == AF_INET && strncmp(local, mapped, sizeof(mapped) - 1) == 0)
        local += sizeof(mapped) - 1;
    return strcmp(local, wanted) == 0;
}

/* The inodes of the sockets in one of the kernel's tables that occupy the port: for TCP listening sockets,
 * for UDP sockets without a peer. Source: the kernel's Documentation/networking/proc_net_tcp.rst. */
static size_t port_find_inodes(bool tcp, bool six, const struct ip *address, unsigned port,
                               unsigned long *inodes, size_t count)
{
    const char *path = tcp   ? six ? "/proc/net/tcp6" : "/proc/net/tcp"
                       : six ? "/proc/net/udp6"
                             : "/proc/net/udp";
    cleanup_free char *text = NULL;
    char *rest, *line;

    if (file_read(AT_FDCWD, path, TABLE_MAX, &text, NULL) < 0)
        return count;
    for (rest = text; (line = strsep(&rest, "\n")) && count < INODES_MAX;) {
        char local[40], state[4], inode[24];
        size_t length;

        /* ADDRESS:PORT in hexadecimal; the header line of the table has no colon there. */
        if (!line_word(line, 1, local, sizeof(local)) || !line_word(line, 3, state, sizeof(state)) ||
            !line_word(line, 9, inode, sizeof(inode)))
            continue;
        length = strcspn(local, ":"); /* 8 digits for IPv4, 32 for IPv6 */
        if (!local[length] || strtoul(local + length + 1, NULL, 16) != port ||
            strcmp(state, tcp ? "0A" : "07") != 0)
            continue;
        local[length] = '\0';
        if (!port_takes(local, length, address))
            continue;
        inodes[count] = strtoul(inode, NULL, 10);
        count += inodes[count] != 0;
    }
    return count;
}

static bool port_is_held_by(const char *pid, const unsigned long *inodes, size_t count)
{
    cleanup_free char *path = format_string("/proc/%s/fd", pid);
    cleanup_dir DIR *dir = path ? opendir(path) : NULL;
    struct dirent *e;

    while (dir && (e = readdir(dir))) {
        char target[64];
        ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof(target) - 1);

        if (n <= 0)
            continue;
        target[n] = '\0';
        for (size_t i = 0; i < count; i++) {
            char wanted[40];

            snprintf(wanted, sizeof(wanted), "socket:[%lu]", inodes[i]);
            if (strcmp(target, wanted) == 0)
                return true;
        }
    }
    return false;
}

static void port_name_process(const char *pid, char *out, size_t size)
{
    cleanup_free char *path = format_string("/proc/%s/comm", pid);
    cleanup_free char *name = NULL;

    if (path && file_read(AT_FDCWD, path, 64, &name, NULL) == 0)
        name[strcspn(name, "\n")] = '\0';
    snprintf(out, size, "%s (pid %s)", name ? name : "a process", pid);
}

/* Remove the sockets that a process has open from the list. */
static size_t port_exclude_process(pid_t pid, unsigned long *inodes, size_t count)
{
    char text[16];
    size_t kept = 0;

    snprintf(text, sizeof(text), "%d", (int)pid);
    for (size_t i = 0; i < count; i++)
        if (!port_is_held_by(text, &inodes[i], 1))
            inodes[kept++] = inodes[i];
    return kept;
}

bool port_taken(bool tcp, const struct ip *address, unsigned port, pid_t except, char *out, size_t size)
{
    cleanup_dir DIR *proc = opendir("/proc");
    unsigned long inodes[INODES_MAX];
    struct dirent *e;
    size_t count = 0;

    if (address->family != AF_INET6)
        count = port_find_inodes(tcp, false, address, port, inodes, count);
    count = port_find_inodes(tcp, true, address, port, inodes, count);
    if (except > 0)
        count = port_exclude_process(except, inodes, count);
    if (count == 0)
        return false;
    snprintf(out, size, "a process that is not visible here");
    while (proc && (e = readdir(proc)))
        if (e->d_name[0] >= '0' && e->d_name[0] <= '9' && port_is_held_by(e->d_name, inodes, count)) {
            port_name_process(e->d_name, out, size);
            break;
        }
    return true;
}

bool port_owner(bool tcp, struct in_addr address, unsigned port, char *out, size_t size)
{
    struct ip ip = {.family = AF_INET};

    memcpy(ip.bytes, &address, sizeof(address));
    return port_taken(tcp, &ip, port, 0, out, size) && strstr(out, "(pid ");
}
