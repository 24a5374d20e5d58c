#include "core/storage/template_image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/config/edit.h"
#include "core/storage/storage.h"

#define MAX_TEMPLATE (1 << 20)
#define COMMON       "lxc.include = /usr/share/lxc/config/common.conf\n"

/* Replace in place, so that owner and mode stay. What is no text of sensible size is left alone. */
static int fill_file(const struct create_place *p, const char *path)
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

static int fill_files(const struct create_place *p, const char *templates, struct error *err)
{
    cleanup_free char *lines = templates ? strdup(templates) : NULL;
    int r = templates && !lines ? -ENOMEM : 0;

    for (char *rest = lines, *line; r == 0 && (line = strsep(&rest, "\n"));) {
        r = *line ? fill_file(p, line) : 0;
        if (r < 0)
            error_set(err, r, "cannot fill in the container's name in /%s", line + (line[0] == '/'));
    }
    return r < 0 ? storage_remedy(err) : 0;
}

static int write_fstab(struct create_place *p, const char *fstab, struct error *err)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    cleanup_free char *path = container_path(p->container, "fstab");
    int r = path && create_replace(p, fstab, &text) == 0 ? 0 : -ENOMEM;

    if (r == 0)
        r = file_replace(p->fd, "fstab", strbuf_text(&text), text.length, 0640);
    if (r == 0)
        r = strbuf_printf(&p->own, "lxc.mount.fstab = %s\n", path);
    if (r == 0)
        return 0;
    error_set(err, r, "cannot write the fstab of %s", p->container->name);
    return storage_remedy(err);
}

int template_image(struct create_place *p, const char *config, const char *fstab, const char *templates,
                   struct error *err)
{
    cleanup_strbuf struct strbuf rest = STRBUF_INIT, network = STRBUF_INIT;
    int r = create_split(config ? config : COMMON, &rest, &network);

    if (r == 0)
        r = create_replace(p, strbuf_text(&rest), &p->distribution);
    if (r < 0)
        return error_set(err, r, "cannot keep the image's configuration");
    if (fstab) {
        r = write_fstab(p, fstab, err);
        if (r < 0)
            return r;
    }
    return fill_files(p, templates, err);
}

int template_archive(struct create_place *p, const char *config, const char *fstab, bool explicit,
                     bool keep_mac, struct error *err)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT, rest = STRBUF_INIT, network = STRBUF_INIT;
    int r = config ? create_strip(config, &text) : 0;

    if (r == 0)
        r = template_image(p, config ? strbuf_text(&text) : NULL, fstab, NULL, err);
    if (r < 0)
        return err && err->code ? r : error_set(err, r, "cannot keep the configuration of the archive");
    r = create_merge_own(&p->own, strbuf_text(&p->distribution), explicit);
    if (r == 0)
        r = create_split(strbuf_text(&text), &rest, &network);
    if (r == 0 && network.length && !(explicit && p->network.length)) {
        p->network.length = 0;
        r = create_replace(p, network.text, &p->network);
        if (r == 0 && !keep_mac)
            r = config_text_new_hwaddr(&p->network);
    }
    return r < 0 ? error_set(err, r, "cannot keep the configuration of the archive") : 0;
}
