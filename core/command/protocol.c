#include "core/command/protocol.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"

_Static_assert(sizeof(struct cgroup_context_message) == 96 && sizeof(struct cgroup_fd_message) == 80,
               "the layout that liblxc sends");

/* FNV-1a, 64 bits: draft-eastlake-fnv, section 2. */
#define HASH_START 0xcbf29ce484222325u

static uint64_t address_hash_byte(uint64_t hash, unsigned char byte)
{
    return (hash ^ byte) * 0x100000001b3u;
}

static uint64_t address_hash(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = address_hash_byte(hash, (unsigned char)*text);
    return hash;
}

socklen_t command_address(const struct container *c, struct sockaddr_un *address)
{
    /* LXC reserves a byte before the name and one after it. */
    char *name = address->sun_path + 1;
    const size_t size = sizeof(address->sun_path) - 2;
    int length;

    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    length = snprintf(name, size, "%s/%s/command", c->lxcpath, c->name);
    if (length < 0 || (size_t)length >= size) {
        uint64_t hash = address_hash(HASH_START, c->lxcpath);
        hash = address_hash(address_hash_byte(hash, '/'), c->name);
        length = snprintf(name, size, "lxc/%016llx/command", (unsigned long long)hash);
    }
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

socklen_t monitord_address(const char *lxcpath, struct sockaddr_un *address)
{
    char *name = address->sun_path + 1;
    const size_t size = sizeof(address->sun_path) - 2;
    uint64_t hash = address_hash(address_hash(address_hash(HASH_START, "lxc/"), lxcpath), "/monitor-sock");

    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    snprintf(name, size, "lxc/%016llx/%s", (unsigned long long)hash, lxcpath);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}
