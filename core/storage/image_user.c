#include "core/storage/image_user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/base/str.h"

#define FILE_MAX   (1 << 20)
#define FIELDS_MAX 7
#define ID_MAX     (UINT32_MAX - 1) /* -1 is "no change" for the kernel */

/* Fields of the two files. */
enum { NAME = 0, ID = 2, GID = 3, MEMBERS = 3, HOME = 5 };

/* The next line of *rest as fields; false at the end. Lines with fewer fields are skipped. */
static bool account_next(char **rest, size_t count, char *fields[static FIELDS_MAX])
{
    char *line;

    while ((line = strsep(rest, "\n"))) {
        size_t n = 0;

        while (n < count && line)
            fields[n++] = strsep(&line, ":");
        if (n == count && *fields[NAME])
            return true;
    }
    return false;
}

static bool account_id(const char *text, uint32_t *id)
{
    uint64_t number;

    if (parse_uint64(text, 10, ID_MAX, &number) < 0)
        return false;
    *id = (uint32_t)number;
    return true;
}

static bool is_number(const char *text)
{
    return *text && strspn(text, "0123456789") == strlen(text);
}

static int user_take_home(const char *home, struct image_user *out)
{
    free(out->home);
    out->home = strdup(home[0] == '/' && !text_has_control(home) ? home : "/");
    return out->home ? 0 : -ENOMEM;
}

/* Look for a name, or for a number that may have an account. Returns 1, 0 or -ENOMEM; *name is that of the
 * account. */
static int user_find_account(const char *wanted, const char *passwd, struct image_user *out, char **name)
{
    cleanup_free char *copy = strdup(passwd);
    char *fields[FIELDS_MAX], *rest = copy;
    uint32_t uid, gid;

    if (!copy)
        return -ENOMEM;
    while (account_next(&rest, HOME + 1, fields)) {
        if (!account_id(fields[ID], &uid) || !account_id(fields[GID], &gid))
            continue;
        if (is_number(wanted) ? out->uid != uid : strcmp(fields[NAME], wanted) != 0)
            continue;
        out->uid = uid;
        out->gid = gid;
        *name = strdup(fields[NAME]);
        return *name && user_take_home(fields[HOME], out) == 0 ? 1 : -ENOMEM;
    }
    return 0;
}

static bool list_has(const char *list, const char *name)
{
    size_t length = strlen(name);

    for (; *list; list += strcspn(list, ",") + (list[strcspn(list, ",")] == ','))
        if (strcspn(list, ",") == length && strncmp(list, name, length) == 0)
            return true;
    return false;
}

static int user_add_groups(const char *name, const char *group, struct image_user *out, struct error *err)
{
    cleanup_free char *copy = strdup(group);
    char *fields[FIELDS_MAX], *rest = copy;
    uint32_t gid;

    if (!copy)
        return error_set(err, ENOMEM, "cannot find the user of the image");
    while (account_next(&rest, MEMBERS + 1, fields)) {
        if (!account_id(fields[ID], &gid) || gid == out->gid || !list_has(fields[MEMBERS], name))
            continue;
        if (out->group_count == IMAGE_USER_GROUPS)
            return error_text(err, E2BIG, "the user of the image, %s, is in more than %d groups", name,
                              IMAGE_USER_GROUPS);
        out->groups[out->group_count++] = gid;
    }
    return 0;
}

static int user_find_group(const char *wanted, const char *group, uint32_t *gid, struct error *err)
{
    cleanup_free char *copy = strdup(group);
    char *fields[FIELDS_MAX], *rest = copy;

    if (!copy)
        return error_set(err, ENOMEM, "cannot find the group of the image");
    while (account_next(&rest, ID + 1, fields))
        if (strcmp(fields[NAME], wanted) == 0 && account_id(fields[ID], gid))
            return 0;
    error_text(err, ENOENT, "the image is to run as the group \"%.60s\", which its /etc/group does not have",
               wanted);
    return error_remedy(err, "give a number with --user UID:GID");
}

static int user_refuse_number(const char *number, struct error *err)
{
    return error_text(err, ERANGE, "the image is to run as \"%.60s\", which is not an id below %u", number,
                      ID_MAX);
}

static int user_find_user(const char *wanted, const char *passwd, struct image_user *out, char **name,
                          struct error *err)
{
    int r;

    if (is_number(wanted) && !account_id(wanted, &out->uid))
        return user_refuse_number(wanted, err);
    r = user_find_account(wanted, passwd, out, name);
    if (r < 0)
        return error_set(err, r, "cannot find the user of the image");
    if (r == 0 && !is_number(wanted)) {
        error_text(err, ENOENT,
                   "the image is to run as the user \"%.60s\", which its /etc/passwd does not have", wanted);
        return error_remedy(err, "give a number with --user UID[:GID]");
    }
    return 0;
}

static int user_find(const char *user, const char *group_name, const char *passwd, const char *group,
                     struct image_user *out, struct error *err)
{
    cleanup_free char *name = NULL;
    int r = user_find_user(user, passwd, out, &name, err);

    if (r < 0)
        return r;
    if (!group_name)
        return name && !is_number(user) ? user_add_groups(name, group, out, err) : 0;
    if (is_number(group_name))
        return account_id(group_name, &out->gid) ? 0 : user_refuse_number(group_name, err);
    return user_find_group(group_name, group, &out->gid, err);
}

int image_user_find(const char *user, const char *passwd, const char *group, struct image_user *out,
                    struct error *err)
{
    cleanup_free char *copy = strdup(user && *user ? user : "0");
    char *colon = copy ? strchr(copy, ':') : NULL;
    int r;

    *out = (struct image_user){0};
    out->home = strdup("/");
    if (!copy || !out->home)
        return error_set(err, ENOMEM, "cannot find the user of the image");
    if (colon)
        *colon++ = '\0';
    r = user_find(*copy ? copy : "0", colon && *colon ? colon : NULL, passwd, group, out, err);
    if (r < 0) {
        free(out->home);
        out->home = NULL;
    }
    return r;
}

/* The text of a file of the rootfs; "" if it is missing. */
static int account_read(int rootfs_fd, const char *path, char **text, struct error *err)
{
    cleanup_fd int fd = rootfs_open(rootfs_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    struct stat st;
    int r;

    if (fd == -ENOENT || fd == -ENOTDIR) {
        *text = strdup("");
        return *text ? 0 : error_set(err, ENOMEM, "cannot read /%s of the image", path);
    }
    if (fd < 0 || fstat(fd, &st) < 0)
        return error_set(err, fd < 0 ? fd : errno, "cannot read /%s of the image", path);
    if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
        return error_text(err, EINVAL, "/%s of the image is not a regular file of at most %d bytes", path,
                          FILE_MAX);
    r = file_read_fd(fd, FILE_MAX, text, NULL);
    return r < 0 ? error_set(err, r, "cannot read /%s of the image", path) : 0;
}

int image_user_read(const char *user, int rootfs_fd, struct image_user *out, struct error *err)
{
    cleanup_free char *passwd = NULL, *group = NULL;
    int r = account_read(rootfs_fd, "etc/passwd", &passwd, err);

    *out = (struct image_user){0};
    if (r == 0)
        r = account_read(rootfs_fd, "etc/group", &group, err);
    return r == 0 ? image_user_find(user, passwd, group, out, err) : r;
}
