#include "core/storage/template_image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/config/edit.h"
#include "core/config/includes.h"
#include "core/config/untrusted.h"
#include "core/storage/storage.h"

#define MAX_TEMPLATE (1 << 20)
#define COMMON       "lxc.include = " CONFIG_DIRECTORY "/common.conf"
#define NOTES_MAX    20

/* Write to the existing file, so that owner and mode are kept. A file that is not a text of limited size is
 * skipped. */
static int file_replace_names(const struct create_place *p, const char *path)
{
    cleanup_fd int fd = rootfs_open(p->rootfs_fd, path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    cleanup_free char *text = NULL;
    struct stat st;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > MAX_TEMPLATE)
        return 0;
    text = calloc(1, (size_t)st.st_size + 1);
    n = text ? read_all(fd, text, (size_t)st.st_size) : -ENOMEM;
    if (n < 0)
        return (int)n;
    if (strlen(text) != (size_t)n)
        return 0;
    if (create_replace(p, text, &out) < 0)
        return -ENOMEM;
    if (strcmp(strbuf_text(&out), text) == 0)
        return 0;
    if (lseek(fd, 0, SEEK_SET) < 0 || ftruncate(fd, 0) < 0)
        return -errno;
    return write_all(fd, strbuf_text(&out), out.length);
}

static int files_replace_names(const struct create_place *p, const char *templates, struct error *err)
{
    cleanup_free char *lines = templates ? strdup(templates) : NULL;
    int r = templates && !lines ? -ENOMEM : 0;

    for (char *rest = lines, *line; r == 0 && (line = strsep(&rest, "\n"));) {
        r = *line ? file_replace_names(p, line) : 0;
        if (r < 0)
            error_set(err, r, "cannot write the container's name to /%s", line + (line[0] == '/'));
    }
    return r < 0 ? storage_remedy(err) : 0;
}

static int notes_add_omitted(struct string_list *notes, const struct string_list *left_out)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < left_out->count && i < NOTES_MAX; i++)
        r = string_list_take(notes, format_string("left out of the configuration: %s", left_out->items[i]));
    if (r == 0 && left_out->count > NOTES_MAX)
        r = string_list_take(notes, format_string("left out of the configuration: %zu lines more",
                                                  left_out->count - NOTES_MAX));
    return r;
}

/* Filter the configuration and the fstab of the texts. Returns 0 or -ENOMEM. */
static int texts_accept(const struct create_place *p, const struct template_texts *t, bool archive,
                        struct strbuf *config, struct strbuf *fstab, struct string_list *notes)
{
    cleanup_strbuf struct strbuf filled = STRBUF_INIT, mounts = STRBUF_INIT, own = STRBUF_INIT;
    cleanup_string_list struct string_list left_out = {0};
    cleanup_free char *directory = container_path(p->container, NULL);
    struct untrusted u = {.archive = archive, .mapped = p->config->idmap_count > 0, .directory = directory};
    int r = directory ? create_replace(p, t->config ? t->config : COMMON "\n", &filled) : -ENOMEM;

    if (r == 0)
        r = create_replace(p, t->fstab ? t->fstab : "", &mounts);
    if (r < 0 || t->trusted) {
        *config = filled;
        *fstab = mounts;
        filled = mounts = (struct strbuf)STRBUF_INIT;
        return r;
    }
    if (strbuf_puts(&own, strbuf_text(&p->own)) < 0 || strbuf_puts(&own, strbuf_text(&p->network)) < 0)
        return -ENOMEM;
    u.own = strbuf_text(&own);
    if (!u.mapped && !untrusted_is_confined(strbuf_text(&filled)) && !untrusted_is_confined(u.own)) {
        r = strbuf_puts(config, COMMON "\n");
        if (r == 0)
            r = string_list_add(notes, "added to the configuration, which includes no common.conf: " COMMON);
    }
    if (r == 0)
        r = untrusted_config(&u, strbuf_text(&filled), config, &left_out);
    if (r == 0)
        r = untrusted_fstab(&u, strbuf_text(&mounts), fstab, &left_out);
    return r == 0 ? notes_add_omitted(notes, &left_out) : r;
}

static int write_fstab(struct create_place *p, const struct strbuf *text, struct error *err)
{
    cleanup_free char *path = container_path(p->container, "fstab");
    int r = path ? file_replace(p->fd, "fstab", strbuf_text(text), text->length, 0640) : -ENOMEM;

    if (r == 0)
        r = strbuf_printf(&p->own, "lxc.mount.fstab = %s\n", path);
    if (r == 0)
        return 0;
    error_set(err, r, "cannot write the fstab of %s", p->container->name);
    return storage_remedy(err);
}

int template_image(struct create_place *p, const struct template_texts *t, struct string_list *notes,
                   struct error *err)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT, network = STRBUF_INIT, config = STRBUF_INIT,
                                 fstab = STRBUF_INIT;
    struct template_texts own = *t;
    int r = create_split(t->config ? t->config : COMMON "\n", &text, &network);

    own.config = strbuf_text(&text);
    if (r == 0)
        r = texts_accept(p, &own, false, &config, &fstab, notes);
    if (r == 0)
        r = strbuf_puts(&p->distribution, strbuf_text(&config));
    if (r < 0)
        return error_set(err, r, "cannot keep the image's configuration");
    if (fstab.length)
        r = write_fstab(p, &fstab, err);
    return r == 0 ? files_replace_names(p, t->templates, err) : r;
}

int template_archive(struct create_place *p, const struct template_texts *t, bool explicit, bool keep_mac,
                     struct string_list *notes, struct error *err)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT, network = STRBUF_INIT, config = STRBUF_INIT,
                                 fstab = STRBUF_INIT;
    struct template_texts stripped = *t;
    int r = t->config ? create_strip(t->config, &text) : 0;

    stripped.config = t->config ? strbuf_text(&text) : NULL;
    if (r == 0)
        r = texts_accept(p, &stripped, true, &config, &fstab, notes);
    if (r == 0)
        r = create_split(strbuf_text(&config), &p->distribution, &network);
    if (r == 0)
        r = create_merge_own(&p->own, strbuf_text(&p->distribution), explicit);
    if (r == 0 && network.length && !(explicit && p->network.length)) {
        strbuf_free(&p->network);
        p->network = network;
        network = (struct strbuf)STRBUF_INIT;
        r = keep_mac ? 0 : config_text_new_hwaddr(&p->network);
    }
    if (r < 0)
        return error_set(err, r, "cannot keep the configuration of the archive");
    return fstab.length ? write_fstab(p, &fstab, err) : 0;
}
