#include "net/dns/port_owner.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"

#define TABLE_MAX  (4 << 20) /* bytes */
#define INODES_MAX 16

/* Inodes of the sockets in one of the kernel's tables that have the port. */
static size_t find_inodes(const char *path, struct in_addr address, unsigned port, unsigned long *inodes,
                          size_t count)
{
    cleanup_free char *text = NULL;
    char *rest, *line;

    if (file_read(AT_FDCWD, path, TABLE_MAX, &text, NULL) < 0)
        return count;
    for (rest = text; (line = strsep(&rest, "\n")) && count < INODES_MAX;) {
        char local[40], inode[24];
        size_t length;

        /* ADDRESS:PORT in hexadecimal; the table's head has no colon there. */
        if (!line_word(line, 1, local, sizeof(local)) || !line_word(line, 9, inode, sizeof(inode)))
            continue;
        length = strcspn(local, ":"); /* 8 digits of IPv4, or 32 */
        if (!local[length] || strtoul(local + length + 1, NULL, 16) != port)
            continue;
        local[length] = '\0';
        if (strspn(local, "0") != length &&
            (length != 8 || strtoul(local, NULL, 16) != (unsigned long)address.s_addr))
            continue;
        inodes[count] = strtoul(inode, NULL, 10);
        count += inodes[count] != 0;
    }
    return count;
}

static bool holds(const char *pid, const unsigned long *inodes, size_t count)
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

static void name_process(const char *pid, char *out, size_t size)
{
    cleanup_free char *path = format_string("/proc/%s/comm", pid);
    cleanup_free char *name = NULL;

    if (path && file_read(AT_FDCWD, path, 64, &name, NULL) == 0)
        name[strcspn(name, "\n")] = '\0';
    snprintf(out, size, "%s (pid %s)", name ? name : "a process", pid);
}

bool port_owner(bool tcp, struct in_addr address, unsigned port, char *out, size_t size)
{
    cleanup_dir DIR *proc = opendir("/proc");
    unsigned long inodes[INODES_MAX];
    struct dirent *e;
    size_t count;

    count = find_inodes(tcp ? "/proc/net/tcp" : "/proc/net/udp", address, port, inodes, 0);
    count = find_inodes(tcp ? "/proc/net/tcp6" : "/proc/net/udp6", address, port, inodes, count);
    while (count && proc && (e = readdir(proc)))
        if (e->d_name[0] >= '0' && e->d_name[0] <= '9' && holds(e->d_name, inodes, count)) {
            name_process(e->d_name, out, size);
            return true;
        }
    return false;
}
