#include "core/links/moved.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "net/link/link.h"
#include "net/link/netlink.h"

#define RECORD_MAX 65536

/* Read one line of the record. */
static bool moved_link_parse(const char *line, int *index, char name[IFNAMSIZ])
{
    char number[16];
    int64_t value;

    if (!line_word(line, 0, number, sizeof(number)) || !line_word(line, 1, name, IFNAMSIZ) ||
        parse_int64(number, 10, 1, INT_MAX, &value) < 0 || !link_name_valid(name))
        return false;
    *index = (int)value;
    return true;
}

/* Write the record without the line of `index`, and with `host_name` for it unless that is NULL. */
static int moved_record_change(const struct container *c, int index, const char *host_name)
{
    cleanup_free char *path = container_path(c, MOVED_LINKS), *text = NULL;
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    int r = path ? file_read(AT_FDCWD, path, RECORD_MAX, &text, NULL) : -ENOMEM, other;
    char name[IFNAMSIZ];

    if (r < 0 && r != -ENOENT)
        return r;
    if (r < 0 && !host_name)
        return 0;
    r = 0;
    for (char *rest = text, *line; r == 0 && (line = strsep(&rest, "\n"));)
        if (moved_link_parse(line, &other, name) && other != index)
            r = strbuf_printf(&out, "%d %s\n", other, name);
    if (r == 0 && host_name)
        r = strbuf_printf(&out, "%d %s\n", index, host_name);
    if (r == 0 && out.length == 0)
        return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
    return r < 0 ? r : file_replace(AT_FDCWD, path, out.text, out.length, 0644);
}

int moved_links_add(const struct container *c, int index, const char *host_name)
{
    return moved_record_change(c, index, host_name);
}

int moved_links_remove(const struct container *c, int index)
{
    return moved_record_change(c, index, NULL);
}

static int moved_link_return(struct netlink *inside, int index, const char *name, int host_netns,
                             struct error *err)
{
    struct link_request r = {.index = index, .change = IFF_UP, .netns = &host_netns, .new_name = name};
    struct netlink_result result = {0};
    struct netlink_batch b;

    netlink_batch_init(&b);
    link_change(&b, &r);
    if (netlink_exchange(inside, &b, NULL, &result) == 0 ||
        result.code == -ENODEV) /* the container deleted it */
        return 0;
    if (result.code == -EEXIST) {
        r.new_name = "phys%d";
        netlink_batch_init(&b);
        link_change(&b, &r);
        /* ENODEV: the first message has moved it, under the name that it had inside. */
        if (netlink_exchange(inside, &b, NULL, &result) == 0 || result.code == -ENODEV)
            return error_text(err, EEXIST,
                              "%s came back to the host under another name, because its own is in use", name);
    }
    return netlink_error(&result, err, "cannot move %s back to the host", name);
}

int moved_links_return(const struct container *c, int netns, struct error *err)
{
    cleanup_free char *path = container_path(c, MOVED_LINKS), *text = NULL;
    cleanup_netlink struct netlink inside = NETLINK_CLOSED;
    cleanup_fd int host_netns = -1;
    char name[IFNAMSIZ];
    int index, first = 0;

    if (!path || file_read(AT_FDCWD, path, RECORD_MAX, &text, NULL) < 0)
        return 0;
    host_netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (host_netns < 0)
        return error_set(err, errno, "cannot open the host's network");
    first = netlink_open(&inside, NETLINK_ROUTE, netns, err);
    if (first < 0)
        return first;
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
        if (moved_link_parse(line, &index, name)) {
            int r = moved_link_return(&inside, index, name, host_netns, first < 0 ? NULL : err);

            first = first < 0 ? first : r;
        }
    unlink(path);
    return first;
}
