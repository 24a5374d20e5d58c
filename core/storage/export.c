#include "core/storage/export.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/process.h"
#include "core/config/edit.h"
#include "core/command/command_client.h"
#include "core/namespace/idmap_write.h"
#include "core/mount/rootfs.h"
#include "core/storage/compress.h"
#include "core/storage/copy.h"
#include "core/storage/create.h"
#include "core/storage/list.h"
#include "core/storage/storage.h"
#include "core/storage/tar_write.h"
#include "core/storage/xz_store.h"

#define MAX_CONFIG (1 << 20)
#define BLOCK      512

struct exporting {
    const struct container *container;
    const struct export_name *name;
    const struct config *config;
    bool network; /* include it */
    int out;
    char directory[512]; /* images/.../BUILD, in the archive */
    struct tar plain;
    time_t now;
};

static int sink_put_plain(void *out, const void *bytes, size_t length)
{
    return write_all(*(int *)out, bytes, length);
}

static int sink_put_xz(void *x, const void *bytes, size_t length)
{
    return xz_store_put(x, bytes, length);
}

/* Append a configuration without the settings of a single container, with paths as LXC_PATH. Returns 0 or
 * -ENOMEM. */
static int export_config(const struct exporting *e, const char *text, struct strbuf *out)
{
    static const char *const own[] = {"lxc.rootfs.path", "lxc.uts.name", "lxc.idmap",
                                      "lxc.ephemeral",   "lxc.group",    "lxc.mount.fstab"};
    cleanup_free char *path = container_path(e->container, NULL);
    cleanup_strbuf struct strbuf lines = STRBUF_INIT;
    int r = path ? copy_replace_paths(text, path, "LXC_PATH", &lines) : -ENOMEM;

    if (r == 0 && !e->network)
        r = config_text_remove(&lines, "lxc.net.");
    for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(own); i++)
        r = config_text_remove(&lines, own[i]);
    return r == 0 ? create_strip(strbuf_text(&lines), out) : r;
}

/* Write a file of the archive whose size is known only afterwards: its header is written last. */
static int archive_put_member(struct exporting *e, const char *file,
                              int (*fill)(struct exporting *, struct xz_store *, struct error *),
                              struct error *err)
{
    static const char zeros[BLOCK];
    cleanup_free struct xz_store *x = calloc(1, sizeof(*x));
    cleanup_free char *name = format_string("%s/%s", e->directory, file);
    cleanup_strbuf struct strbuf header = STRBUF_INIT;
    off_t start = lseek(e->out, 0, SEEK_CUR), size = 0;
    int r = x && name ? tar_file_header(name, 0, e->now, &header) : -ENOMEM;

    if (r == 0)
        r = write_all(e->out, header.text, header.length);
    if (r == 0) {
        x->fd = e->out;
        r = xz_store_begin(x);
    }
    if (r == 0) {
        r = fill(e, x, err);
        if (r < 0)
            return r;
        r = xz_store_end(x);
    }
    if (r == 0) {
        size = lseek(e->out, 0, SEEK_CUR) - start - (off_t)header.length;
        r = tar_file_header(name, (uint64_t)size, e->now, &header);
    }
    if (r == 0 && pwrite(e->out, header.text, header.length, start) != (ssize_t)header.length)
        r = -errno;
    if (r == 0)
        r = write_all(e->out, zeros, (size_t)(-size & (BLOCK - 1)));
    return r < 0 ? error_set(err, r, "cannot write %s", file) : 0;
}

static int member_write_meta(struct exporting *e, struct xz_store *x, struct error *err)
{
    const struct tar_sink sink = {sink_put_xz, x};
    cleanup_free char *path = container_path(e->container, "config"), *text = NULL;
    cleanup_free char *fstab_path = container_path(e->container, "fstab"), *fstab = NULL;
    cleanup_free char *directory = container_path(e->container, NULL);
    cleanup_strbuf struct strbuf config = STRBUF_INIT, mounts = STRBUF_INIT;
    cleanup_tar struct tar tar = {0};
    int r = path && directory && fstab_path ? file_read(AT_FDCWD, path, MAX_CONFIG, &text, NULL) : -ENOMEM;

    if (r == 0)
        r = export_config(e, text, &config);
    if (r == 0)
        r = tar_begin(&tar, &sink);
    if (r == 0)
        r = tar_put_file(&tar, "config", strbuf_text(&config), config.length);
    if (r == 0 && file_read(AT_FDCWD, fstab_path, MAX_CONFIG, &fstab, NULL) == 0) {
        r = copy_replace_paths(fstab, directory, "LXC_PATH", &mounts);
        if (r == 0)
            r = tar_put_file(&tar, "fstab", strbuf_text(&mounts), mounts.length);
    }
    if (r == 0)
        r = tar_end(&tar);
    return r < 0 ? error_set(err, r, "cannot write the metadata of %s", e->container->name) : 0;
}

/* Write any kind of rootfs, mounted as at a start, in a mount namespace of this process. */
static int member_write_rootfs(struct exporting *e, struct xz_store *x, struct error *err)
{
    const struct tar_sink sink = {sink_put_xz, x};
    cleanup_rootfs struct rootfs rootfs = ROOTFS_INIT;
    cleanup_tar struct tar tar = {0};
    int r;

    if (unshare(CLONE_NEWNS) < 0) {
        error_set(err, errno, "cannot mount the rootfs of %s", e->container->name);
        return error_remedy(err, "become root");
    }
    r = rootfs_isolate(err);
    if (r == 0)
        r = rootfs_mount(e->config, &rootfs, err);
    if (r < 0)
        return r;
    cleanup_fd int fd = openat(rootfs.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, errno, "cannot read the rootfs of %s", e->container->name);
    if ((r = tar_begin(&tar, &sink)) < 0)
        return error_set(err, r, "cannot write an archive");
    r = tar_put_tree(&tar, fd, e->config, err);
    if (r == 0 && (r = tar_end(&tar)) < 0)
        error_set(err, r, "cannot write an archive");
    return r;
}

static int archive_put_rootfs_inside(void *data, struct error *err)
{
    return archive_put_member(data, "rootfs.tar.xz", member_write_rootfs, err);
}

/* A child process, so that its mounts end with it. It shares the file offset in the archive with its parent.
 */
static int archive_put_rootfs(struct exporting *e, struct error *err)
{
    int r = process_run(archive_put_rootfs_inside, e, err);

    if (r > 0)
        return error_text(err, ECHILD, "the process that read the rootfs of %s was killed",
                          e->container->name);
    return r;
}

static int archive_put_index(struct exporting *e, const char *build)
{
    const struct export_name *n = e->name;
    cleanup_free char *line =
        format_string("%s;%s;%s;%s;%s;/%s/\n", n->dist, n->release, n->arch, n->variant, build, e->directory);
    int r = line ? tar_put_file(&e->plain, "meta/1.0/index-system", line, strlen(line)) : -ENOMEM;

    return r == 0 ? tar_put_file(&e->plain, "meta/1.0/index-user", line, strlen(line)) : r;
}

static int archive_write(struct exporting *e, struct error *err)
{
    const struct export_name *n = e->name;
    char build[32];
    time_t now = time(NULL);
    struct tm tm;
    int r;

    strftime(build, sizeof(build), "%Y%m%d_%H:%M", gmtime_r(&now, &tm));
    snprintf(e->directory, sizeof(e->directory), "images/%s/%s/%s/%s/%s", n->dist, n->release, n->arch,
             n->variant, build);
    e->now = now;
    r = tar_begin(&e->plain, &(struct tar_sink){sink_put_plain, &e->out});
    if (r == 0)
        r = archive_put_index(e, build);
    if (r < 0)
        return error_set(err, r, "cannot write the archive");
    r = archive_put_member(e, "meta.tar.xz", member_write_meta, err);
    if (r == 0)
        r = archive_put_rootfs(e, err);
    if (r == 0 && ((r = tar_end(&e->plain)) < 0 || fsync(e->out) < 0))
        r = error_set(err, r < 0 ? r : errno, "cannot write the archive");
    return r;
}

static int export_check_names(const struct export_name *n, struct error *err)
{
    const char *const parts[] = {n->dist, n->release, n->arch, n->variant};

    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++)
        if (!*parts[i] || *parts[i] == '.' || strlen(parts[i]) > 64 || strpbrk(parts[i], "/;\n"))
            return error_text(err, EINVAL, "\"%s\" cannot be part of an image's name", parts[i]);
    return 0;
}

static int export_check_container(const struct container *c, struct error *err)
{
    int state;

    if (!container_is_defined(c))
        return container_absent(c, NULL, err);
    state = command_state(c, err);
    if (state <= STATE_STOPPED)
        return state;
    error_text(err, EBUSY, "container %s is running", c->name);
    return error_remedy(err, "stop it with lxc-stop");
}

/* Open a file without a name, which disappears with the process unless it is linked. open(2), O_TMPFILE. */
static int archive_open_nameless(const char *file, struct error *err)
{
    cleanup_free char *directory = strdup(file);
    char *slash = directory ? strrchr(directory, '/') : NULL;
    int fd;

    if (!directory)
        return error_set(err, ENOMEM, "cannot write %s", file);
    if (slash)
        slash[slash == directory] = '\0';
    fd = open(slash ? directory : ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
    return fd < 0 ? error_set(err, errno, "cannot write to the directory of %s", file) : fd;
}

/* Compress the archive to the format of the file, and replace `out`. */
static int archive_compress(int *out, const char *file, enum compression how, struct error *err)
{
    cleanup_fd int compressed = how == COMPRESS_NONE ? -1 : archive_open_nameless(file, err);
    int r;

    if (how == COMPRESS_NONE || compressed < 0)
        return how == COMPRESS_NONE ? 0 : compressed;
    r = compress_file(*out, compressed, how);
    if (r == 0 && fsync(compressed) < 0)
        r = -errno;
    if (r < 0)
        return error_set(err, r, "cannot write %s", file);
    close_fd(out);
    *out = take_fd(&compressed);
    return 0;
}

int container_export(const struct container *c, const struct export_name *name, bool network,
                     const char *file, struct error *err)
{
    cleanup_config struct config config = {0};
    cleanup_free char *path = container_path(c, "config");
    struct exporting e = {.container = c, .name = name, .config = &config, .network = network, .out = -1};
    cleanup_fd int out = -1;
    enum compression how;
    char nameless[32];
    int r = export_check_names(name, err);

    config_init(&config);
    if (r == 0)
        r = compression_of(file, &how, err);
    if (r == 0 && !path)
        r = error_set(err, ENOMEM, "cannot export %s", c->name);
    if (r == 0)
        r = export_check_container(c, err);
    if (r == 0)
        r = config_read_file(&config, path, err);
    if (r == 0)
        r = idmap_enter(&config, err);
    if (r == 0 && access(file, F_OK) == 0) {
        error_text(err, EEXIST, "%s exists already", file);
        r = error_remedy(err, "remove it, or name another file with -o");
    }
    if (r == 0)
        out = e.out = r = archive_open_nameless(file, err);
    if (r >= 0)
        r = archive_write(&e, err);
    tar_free(&e.plain);
    if (r >= 0)
        r = archive_compress(&out, file, how, err);
    if (r < 0)
        return storage_remedy(err);
    snprintf(nameless, sizeof(nameless), "/proc/self/fd/%d", out);
    if (linkat(AT_FDCWD, nameless, AT_FDCWD, file, AT_SYMLINK_FOLLOW) < 0)
        return error_set(err, errno, "cannot make %s", file);
    return 0;
}
