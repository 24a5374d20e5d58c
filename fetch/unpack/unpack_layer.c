#include "fetch/unpack/unpack_layer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/encoding/sha256.h"
#include "core/base/str.h"

#define WHITEOUT   ".wh."
#define OPAQUE     ".wh..wh..opq"
#define AUFS       ".wh..wh."
#define FIRST_SIZE 256 /* a power of two */

static const unsigned char empty_slot[16];

void layer_names_free(struct layer_names *names)
{
    free(names->slots);
    *names = (struct layer_names){0};
}

static void name_hash(const char *name, unsigned char out[static 16])
{
    unsigned char sum[SHA256_SIZE];
    struct sha256 s;

    sha256_init(&s);
    sha256_update(&s, name, strlen(name));
    sha256_out(&s, sum);
    memcpy(out, sum, 16);
    out[0] |= 1; /* never that of an empty slot */
}

/* The slot that has the hash, or the empty one that would take it. The table is never full. */
static size_t slot_find(const struct layer_names *names, const unsigned char hash[static 16])
{
    size_t at;

    memcpy(&at, hash + 8, sizeof(at) < 8 ? sizeof(at) : 8);
    for (at &= names->size - 1;; at = (at + 1) & (names->size - 1))
        if (memcmp(names->slots[at], hash, 16) == 0 || memcmp(names->slots[at], empty_slot, 16) == 0)
            return at;
}

static int names_grow(struct layer_names *names)
{
    struct layer_names larger = {.size = names->size ? 2 * names->size : FIRST_SIZE, .count = names->count};

    larger.slots = calloc(larger.size, sizeof(*larger.slots));
    if (!larger.slots)
        return -ENOMEM;
    for (size_t i = 0; i < names->size; i++)
        if (memcmp(names->slots[i], empty_slot, 16) != 0)
            memcpy(larger.slots[slot_find(&larger, names->slots[i])], names->slots[i], 16);
    free(names->slots);
    *names = larger;
    return 0;
}

int layer_names_add(struct layer_names *names, const char *name)
{
    unsigned char hash[16];
    size_t slot;

    if (names->count >= names->size / 2 && names_grow(names) < 0)
        return -ENOMEM;
    name_hash(name, hash);
    slot = slot_find(names, hash);
    if (memcmp(names->slots[slot], hash, 16) == 0)
        return 0;
    memcpy(names->slots[slot], hash, 16);
    names->count++;
    return 1;
}

int layer_names_add_path(struct layer_names *names, const char *inside)
{
    cleanup_free char *path = strdup(inside);
    int r = path ? layer_names_add(names, path) : -ENOMEM;

    /* If a directory is known, those above it are, too. */
    while (r == 1) {
        char *slash = strrchr(path, '/');

        if (!slash)
            return 0;
        *slash = '\0';
        r = layer_names_add(names, path);
    }
    return r;
}

bool layer_names_has(const struct layer_names *names, const char *name)
{
    unsigned char hash[16];

    if (!names->count)
        return false;
    name_hash(name, hash);
    return memcmp(names->slots[slot_find(names, hash)], hash, 16) == 0;
}

enum layer_entry layer_entry_kind(const char *name, const char **removed)
{
    if (!starts_with(name, WHITEOUT))
        return LAYER_ENTRY;
    if (strcmp(name, OPAQUE) == 0)
        return LAYER_OPAQUE;
    if (starts_with(name, AUFS))
        return LAYER_IGNORED;
    *removed = name + strlen(WHITEOUT);
    return **removed && strcmp(*removed, ".") != 0 && strcmp(*removed, "..") != 0 ? LAYER_WHITEOUT
                                                                                  : LAYER_BAD;
}

/* Of a directory that the layer has, too, what is in it goes. */
static int name_hide(const struct layer_names *names, int fd, const char *inside, const char *name)
{
    cleanup_free char *path = *inside ? format_string("%s/%s", inside, name) : strdup(name);
    cleanup_fd int sub = -1;

    if (!path)
        return -ENOMEM;
    if (!layer_names_has(names, path)) {
        int r = remove_tree(fd, name);

        return r == -ENOENT ? 0 : r;
    }
    sub = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (sub < 0)
        return errno == ENOTDIR || errno == ELOOP || errno == ENOENT ? 0 : -errno;
    return layer_hide(names, sub, path, NULL);
}

int layer_hide(const struct layer_names *names, int fd, const char *inside, const char *name)
{
    cleanup_fd int again = -1;
    cleanup_dir DIR *d = NULL;
    struct dirent *e;
    int r = 0;

    if (name)
        return name_hide(names, fd, inside, name);
    again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    d = again < 0 ? NULL : fdopendir(again);
    if (!d)
        return -errno;
    again = -1;
    while (r == 0 && (e = readdir(d)))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            r = name_hide(names, fd, inside, e->d_name);
    return r;
}
