/* The file named by lxc.mount.fstab; fstab(5). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/config/keys.h"

#define FSTAB_MAX (1U << 20)

struct fstab {
    struct config_mount *items;
    size_t count;
};

static void fstab_free(struct fstab *m)
{
    for (size_t i = 0; i < m->count; i++)
        mount_free(&m->items[i]);
    free(m->items);
}

static int fstab_read_line(struct fstab *m, const char *line, const char *file, unsigned number,
                           struct error *err)
{
    cleanup_free char *origin = format_string("%s:%u", file, number);
    struct config_mount *grown, mount = {0};
    int r;

    line += strspn(line, " \t");
    if (!*line || *line == '#')
        return 0;
    grown = array_grow(m->items, m->count, sizeof(*m->items));
    if (grown)
        m->items = grown;
    r = grown && origin ? mount_parse(line, origin, &mount) : -ENOMEM;
    if (r == 0) {
        m->items[m->count++] = mount;
        return 0;
    }
    mount_free(&mount);
    return r == -EINVAL ? error_text(err, EINVAL, "%s: fewer than three fields: \"%s\"", origin, line)
                        : error_set(err, r, "cannot read %s", file);
}

int config_load_fstab(struct config *c, struct error *err)
{
    __attribute__((cleanup(fstab_free))) struct fstab m = {0};
    cleanup_free char *text = NULL;
    struct config_mount *all;
    char *rest, *line;
    unsigned number = 0;
    int r;

    if (!c->mount_fstab)
        return 0;
    r = file_read(AT_FDCWD, c->mount_fstab, FSTAB_MAX, &text, NULL);
    if (r < 0)
        return error_set(err, r, "cannot read lxc.mount.fstab %s", c->mount_fstab);
    for (rest = text; (line = strsep(&rest, "\n"));) {
        line[strcspn(line, "\r")] = '\0';
        r = fstab_read_line(&m, line, c->mount_fstab, ++number, err);
        if (r < 0)
            return r;
    }
    if (m.count == 0)
        return 0;
    all = calloc(array_capacity(m.count + c->mount_count), sizeof(*all));
    if (!all)
        return error_set(err, ENOMEM, "cannot read %s", c->mount_fstab);
    memcpy(all, m.items, m.count * sizeof(*all));
    if (c->mount_count)
        memcpy(all + m.count, c->mounts, c->mount_count * sizeof(*all));
    free(c->mounts);
    c->mounts = all;
    c->mount_count += m.count;
    m.count = 0;
    return 0;
}
