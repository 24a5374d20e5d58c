#include "core/storage/list.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/command/command_client.h"

void container_list_free(struct container_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].name);
    free(list->items);
    *list = (struct container_list){0};
}

static int list_add(struct container_list *list, size_t *capacity, const char *name, bool defined,
                    bool active)
{
    if (list->count == *capacity) {
        size_t larger = *capacity ? *capacity * 2 : 64;
        struct listed_container *items = realloc(list->items, larger * sizeof(*items));
        if (!items)
            return -ENOMEM;
        list->items = items;
        *capacity = larger;
    }
    list->items[list->count] = (struct listed_container){strdup(name), defined, active};
    return list->items[list->count].name ? (list->count++, 0) : -ENOMEM;
}

/* Add each directory that contains a file "config"; without `check`, each entry. */
static int list_add_defined(struct container_list *list, size_t *capacity, const char *lxcpath, bool check)
{
    cleanup_dir DIR *dir = opendir(lxcpath);
    cleanup_strbuf struct strbuf path = STRBUF_INIT;
    struct dirent *entry;
    unsigned denied = 0;

    if (!dir)
        return errno == ENOENT ? 0 : -errno;
    check = check || geteuid() != 0;
    while ((errno = 0, entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        path.length = 0;
        if (check && strbuf_printf(&path, "%s/config", entry->d_name) < 0)
            return -ENOMEM;
        if (check && faccessat(dirfd(dir), path.text, F_OK, 0) < 0) {
            denied += errno == EACCES;
            continue;
        }
        if (list_add(list, capacity, entry->d_name, true, false) < 0)
            return -ENOMEM;
    }
    if (errno == 0 && denied)
        log_warn("list", "%s: unreadable directories, which are not listed: %u", lxcpath, denied);
    return -errno;
}

/* A hashed address does not contain the name: ask its monitor, and add it if it is in this lxcpath. */
static int list_add_hashed(struct string_list *names, const char *hash, const char *lxcpath)
{
    cleanup_free char *name = NULL, *path = NULL;

    if (command_identity(hash, &name, &path, NULL) < 0 || strcmp(path, lxcpath) != 0)
        return 0;
    return string_list_has(names, name) ? 0 : string_list_add(names, name);
}

/* Add the container of an address, "LXCPATH/NAME/command" or "lxc/HASH/command". */
static int list_add_address(struct string_list *names, const char *address, size_t length,
                            const char *lxcpath)
{
    static const char tail[] = "/command";
    const size_t tail_length = sizeof(tail) - 1, path_length = strlen(lxcpath);
    bool hashed = length > 4 && memcmp(address, "lxc/", 4) == 0;
    size_t prefix = hashed ? 4 : path_length + 1;
    cleanup_free char *name = NULL;

    if (length <= prefix + tail_length || memcmp(address + length - tail_length, tail, tail_length) != 0)
        return 0;
    if (!hashed && (memcmp(address, lxcpath, path_length) != 0 || address[path_length] != '/'))
        return 0;
    name = strndup(address + prefix, length - prefix - tail_length);
    if (!name)
        return -ENOMEM;
    /* Any user can bind any address: the name may be invalid. */
    if (container_check_name(name, NULL) < 0)
        return 0;
    if (hashed)
        return list_add_hashed(names, name, lxcpath);
    return string_list_has(names, name) ? 0 : string_list_add(names, name);
}

int container_list_parse_sockets(const char *text, const char *lxcpath, struct string_list *names)
{
    /* "Num RefCount Protocol Flags Type St Inode Path"; an abstract address has '@' for each zero byte. */
    for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
        const char *at;

        end = strchrnul(line, '\n');
        at = memmem(line, (size_t)(end - line), " @", 2);
        if (at && list_add_address(names, at + 2, (size_t)(end - at) - 2, lxcpath) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int list_compare(const void *a, const void *b)
{
    return strcmp(((const struct listed_container *)a)->name, ((const struct listed_container *)b)->name);
}

static int list_read(const char *lxcpath, bool active_only, bool check, struct container_list *list,
                     struct error *err)
{
    cleanup_free char *sockets = NULL;
    cleanup_string_list struct string_list active = {0};
    size_t capacity = 0, defined;
    int r = active_only ? 0 : list_add_defined(list, &capacity, lxcpath, check);

    if (r == 0)
        r = file_read(AT_FDCWD, "/proc/net/unix", 64 << 20, &sockets, NULL);
    if (r == -ENOENT) /* the root of a container that does not run has no /proc, and nothing runs in it */
        r = 0;
    if (r == 0 && sockets)
        r = container_list_parse_sockets(sockets, lxcpath, &active);
    if (r < 0) {
        error_set(err, r, "cannot list the containers in %s", lxcpath);
        return r == -EACCES ? container_denied(lxcpath, err) : r;
    }
    if (list->count)
        qsort(list->items, list->count, sizeof(*list->items), list_compare);
    defined = list->count;
    for (size_t i = 0; i < active.count; i++) {
        struct listed_container key = {.name = active.items[i]}, *found = NULL;

        if (defined)
            found = bsearch(&key, list->items, defined, sizeof(key), list_compare);
        if (found)
            found->active = true;
        else if (list_add(list, &capacity, key.name, false, true) < 0)
            return error_set(err, ENOMEM, "cannot list the containers in %s", lxcpath);
    }
    for (size_t i = 0; (active_only || !check) && i < list->count; i++)
        if (list->items[i].active)
            list->items[i].defined =
                container_is_defined(&(struct container){.name = list->items[i].name, .lxcpath = lxcpath});
    if (list->count > defined)
        qsort(list->items, list->count, sizeof(*list->items), list_compare);
    return 0;
}

int container_list_read(const char *lxcpath, bool active_only, struct container_list *list, struct error *err)
{
    return list_read(lxcpath, active_only, true, list, err);
}

int container_list_read_names(const char *lxcpath, struct container_list *list, struct error *err)
{
    return list_read(lxcpath, false, false, list, err);
}
