/* Changes to a configuration when its container is copied. */
#include <errno.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/config/edit.h"
#include "core/storage/copy.h"

/* Append a line with replaced paths. A match must end at the end of a path component. */
static int line_replace_paths(const char *line, size_t length, const char *old, const char *new,
                              struct strbuf *out)
{
    size_t old_length = strlen(old);

    while (length) {
        const char *at = memmem(line, length, old, old_length);
        size_t skip = at ? (size_t)(at - line) : length;
        char next = at && skip + old_length < length ? at[old_length] : '\0';

        if (strbuf_add(out, line, skip) < 0)
            return -ENOMEM;
        line += skip;
        length -= skip;
        if (!at)
            break;
        if (strbuf_puts(out, next == '\0' || strchr("/: ,\t\"'", next) ? new : old) < 0)
            return -ENOMEM;
        line += old_length;
        length -= old_length;
    }
    return 0;
}

int copy_replace_paths(const char *text, const char *old, const char *new, struct strbuf *out)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        bool comment = text[strspn(text, " \t")] == '#';
        int r = comment ? strbuf_add(out, text, length) : line_replace_paths(text, length, old, new, out);

        text += length;
        if (r == 0 && *text)
            r = strbuf_add(out, text++, 1);
        if (r < 0)
            return r;
    }
    return 0;
}

int copy_paths(const char *text, const struct container *from, const struct container *to, struct strbuf *out)
{
    cleanup_free char *old = container_path(from, NULL), *new = container_path(to, NULL);

    return old && new ? copy_replace_paths(text, old, new, out) : -ENOMEM;
}

static int mount_error(struct error *err, const char *what)
{
    error_text(err, EINVAL, "-m: invalid mount \"%s\"", what);
    return error_remedy(err,
                        "use bind=/SOURCE[:/TARGET][:ro] or overlay=/SOURCE[:/TARGET], separated by commas");
}

static int mount_add(char *item, const struct container *to, struct strbuf *text, unsigned *overlays,
                     struct error *err)
{
    cleanup_free char *whole = strdup(item), *directory = container_path(to, NULL);
    bool is_overlay = starts_with(item, "overlay=");
    cleanup_strbuf struct strbuf value = STRBUF_INIT;
    char *source = strchr(item, '='), *target, *mode;
    int r;

    if (!whole || !directory)
        return error_set(err, ENOMEM, "cannot store the mounts");
    if (!source || (!is_overlay && !starts_with(item, "bind=")) || *++source != '/')
        return mount_error(err, whole);
    target = strchr(source, ':');
    if (target)
        *target++ = '\0';
    mode = target && *target != '/' ? target : target ? strchr(target, ':') : NULL;
    if (mode == target)
        target = NULL;
    else if (mode)
        *mode++ = '\0';
    if (mode && (is_overlay || (strcmp(mode, "ro") != 0 && strcmp(mode, "rw") != 0)))
        return mount_error(err, whole);
    target = target ? target : source;
    /* A blank would end the field of fstab(5). */
    if (target[strspn(target, "/")] == '\0' || strpbrk(whole, " \t\n"))
        return mount_error(err, whole);
    if (is_overlay) {
        unsigned n = ++*overlays;
        r = strbuf_printf(&value,
                          "%s %s overlay lowerdir=%s,upperdir=%s/delta#%u,workdir=%s/work#%u,create=dir 0 0",
                          source, target + strspn(target, "/"), source, directory, n, directory, n);
    } else {
        r = strbuf_printf(&value, "%s %s none bind,optional%s,create=dir 0 0", source,
                          target + strspn(target, "/"), mode && strcmp(mode, "ro") == 0 ? ",ro" : "");
    }
    if (r == 0)
        r = config_text_append(text, "lxc.mount.entry", strbuf_text(&value));
    return r < 0 ? error_set(err, r, "cannot store the mounts") : 0;
}

int copy_mounts(const char *list, const struct container *to, struct strbuf *text, unsigned *overlays,
                struct error *err)
{
    cleanup_free char *items = strdup(list);
    int r = items ? 0 : error_set(err, ENOMEM, "cannot store the mounts");

    for (char *rest = items, *item; r == 0 && (item = strsep(&rest, ","));)
        r = mount_add(item, to, text, overlays, err);
    return r;
}
