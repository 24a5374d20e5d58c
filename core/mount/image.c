#include "core/mount/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/script.h"
#include "core/mount/tree.h"
#include "core/mount/filesystem.h"
#include "core/mount/loop_device.h"

struct image {
    struct loop_device loop; /* keeps the device until it is mounted */
    const char *device, *type;
    unsigned long flags;
};

#define cleanup_image __attribute__((cleanup(image_release)))

static void image_release(struct image *i)
{
    loop_device_release(&i->loop);
}

static int image_open(const char *path, unsigned long flags, struct image *i, struct error *err)
{
    struct stat st;

    *i = (struct image){
        .loop = LOOP_DEVICE_INIT, .device = path, .flags = flags & ~(unsigned long)(MS_BIND | MS_REC)};
    if (stat(path, &st) < 0)
        return error_set(err, errno, "cannot find image %s", path);
    if (S_ISREG(st.st_mode)) {
        int r = loop_device_attach(path, flags & MS_RDONLY, &i->loop, err);
        if (r < 0)
            return r;
        i->device = i->loop.path;
        i->type = filesystem_probe(i->loop.fd);
    } else if (S_ISBLK(st.st_mode)) {
        cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return error_set(err, errno, "cannot open block device %s", path);
        i->type = filesystem_probe(fd);
    } else {
        return error_text(err, ENOTBLK, "%s is neither an image file nor a block device", path);
    }
    if (!i->type) {
        error_text(err, EINVAL, "%s does not contain a known file system", path);
        return error_remedy(err, "it must begin with the file system itself: ext2 to ext4, xfs, btrfs, f2fs, "
                                 "squashfs, erofs, iso9660, vfat");
    }
    if (i->loop.read_only || strcmp(i->type, "squashfs") == 0 || strcmp(i->type, "erofs") == 0 ||
        strcmp(i->type, "iso9660") == 0)
        i->flags |= MS_RDONLY;
    return 0;
}

/* Whether the error means that the device is read-only: like mount(8), mount it read-only then. */
static bool image_is_read_only(int r, const struct image *i)
{
    return (r == -EACCES || r == -EROFS) && !(i->flags & MS_RDONLY);
}

static int image_error(int r, const struct image *i, const char *path, const char *data, struct error *err)
{
    error_set(err, r, "cannot mount image %s (%s)", path, i->type);
    if (r == -EINVAL)
        return tree_name_refused(i->type, data, err);
    if (r == -ENOSYS)
        return error_remedy(err, "for a container with lxc.idmap this requires Linux 5.2 or later");
    return r == -ENODEV ? error_remedy(err, "this kernel has no file system \"%s\"", i->type) : r;
}

int image_create(const char *path, uint64_t size_bytes, const char *type, struct error *err)
{
    cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    char *const arguments[] = {(char *)"-q", (char *)path, NULL};
    char program[32];
    int r;

    if (strpbrk(type, "/ \t\n") ||
        snprintf(program, sizeof(program), "mkfs.%s", type) >= (int)sizeof(program))
        return error_text(err, EINVAL, "\"%s\" is not a file system type", type);
    if (fd < 0 || ftruncate(fd, (off_t)size_bytes) < 0)
        return error_set(err, errno, "cannot create the image %s of %llu bytes", path,
                         (unsigned long long)size_bytes);
    r = script_run(program, arguments, NULL, program, err);
    return r == -ENOENT ? error_remedy(err, "install it (for ext4: e2fsprogs), or use -B dir") : r;
}

int image_mount(const char *path, const char *target, unsigned long flags, const char *data,
                struct error *err)
{
    cleanup_image struct image i = {.loop = LOOP_DEVICE_INIT};
    int r = image_open(path, flags, &i, err);

    if (r < 0)
        return r;
    r = mount(i.device, target, i.type, i.flags, data) < 0 ? -errno : 0;
    if (image_is_read_only(r, &i))
        r = mount(i.device, target, i.type, i.flags | MS_RDONLY, data) < 0 ? -errno : 0;
    return r < 0 ? image_error(r, &i, path, data, err) : 0;
}

int image_tree(const char *path, unsigned long flags, const char *data, struct error *err)
{
    cleanup_image struct image i = {.loop = LOOP_DEVICE_INIT};
    int r = image_open(path, flags, &i, err);

    if (r < 0)
        return r;
    r = tree_new(i.type, i.device, i.flags, data);
    if (image_is_read_only(r, &i))
        r = tree_new(i.type, i.device, i.flags | MS_RDONLY, data);
    return r < 0 ? image_error(r, &i, path, data, err) : r;
}
