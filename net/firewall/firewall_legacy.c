/* The tables of iptables-legacy, which are separate from those of nftables. Only one policy is read. */
#include "net/firewall/firewall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"

/* linux/netfilter_ipv4/ip_tables.h, which cannot be included beside glibc's net/if.h. */
#define IPT_SO_GET_INFO    64
#define IPT_SO_GET_ENTRIES 65

struct ipt_getinfo {
    char name[32];
    uint32_t valid_hooks, hook_entry[NF_INET_NUMHOOKS], underflow[NF_INET_NUMHOOKS], num_entries, size;
};

struct ipt_get_entries {
    char name[32];
    uint32_t size;
    uint64_t entrytable[]; /* aligned as a structure with 64-bit counters: on i386 4 bytes earlier */
};

/* Offsets in bytes: in an entry, of the offset of its target (after struct ipt_ip and nfcache); in a standard
 * target, of its verdict (after the union of struct xt_entry_target). */
#define ENTRY_TARGET_OFFSET 88
#define TARGET_VERDICT      32

#define TABLE_MAX (16 << 20) /* bytes */

/* Reading a table that is not in use would create it. */
static bool filter_in_use(void)
{
    cleanup_free char *names = NULL;

    return file_read(AT_FDCWD, "/proc/net/ip_tables_names", 4096, &names, NULL) == 0 &&
           strstr(names, "filter\n");
}

int firewall_legacy_drops(void)
{
    cleanup_fd int fd = -1;
    cleanup_free struct ipt_get_entries *entries = NULL;
    struct ipt_getinfo info = {.name = "filter"};
    socklen_t length = sizeof(info);
    size_t at, room;
    uint16_t target_offset;
    const uint8_t *table;
    int32_t verdict;

    if (!filter_in_use())
        return 0;
    fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    if (fd < 0)
        return -errno;
    if (getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &info, &length) < 0)
        return errno == ENOENT || errno == ENOPROTOOPT ? 0 : -errno;
    if (!(info.valid_hooks & (1U << NF_INET_FORWARD)) || info.size > TABLE_MAX)
        return 0;
    room = sizeof(*entries) + info.size;
    entries = calloc(1, room);
    if (!entries)
        return -ENOMEM;
    memcpy(entries->name, info.name, sizeof(entries->name));
    entries->size = info.size;
    length = (socklen_t)room;
    if (getsockopt(fd, IPPROTO_IP, IPT_SO_GET_ENTRIES, entries, &length) < 0)
        return -errno;
    table = (const uint8_t *)entries->entrytable;
    /* The underflow of a chain is the entry that holds its policy. */
    at = info.underflow[NF_INET_FORWARD];
    if (at > info.size || info.size - at < ENTRY_TARGET_OFFSET + sizeof(target_offset))
        return -EBADMSG;
    memcpy(&target_offset, table + at + ENTRY_TARGET_OFFSET, sizeof(target_offset));
    at += (size_t)target_offset + TARGET_VERDICT;
    if (at > info.size || info.size - at < sizeof(verdict))
        return -EBADMSG;
    memcpy(&verdict, table + at, sizeof(verdict));
    return verdict == -NF_DROP - 1;
}
