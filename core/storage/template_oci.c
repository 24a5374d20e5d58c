#include "core/storage/template_oci.h"

#include <errno.h>
#include <limits.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/config/edit.h"
#include "core/config/idmap.h"
#include "core/config/includes.h"
#include "core/config/lxcbox_conf.h"
#include "core/storage/copy_tree.h"
#include "core/storage/image_user.h"
#include "core/storage/storage.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define VOLUMES_MAX  64

/* What is being composed. */
struct oci {
    struct create_place *place;
    const struct template_oci *image;
    struct image_user user;
    struct strbuf own; /* NAME/lxcbox.conf */
    struct string_list *notes;
};

static int oci_no_memory(struct error *err)
{
    return error_set(err, ENOMEM, "cannot write the configuration of the image");
}

/* Whether a text can be the value of a configuration line: no control characters, and no blanks or quotes
 * that reading would remove. */
static bool value_is_plain(const char *text)
{
    size_t length = strlen(text);

    return length && !text_has_control(text) && !strchr(text, '\t') && !strchr(" \"'", text[0]) &&
           text[length - 1] != ' ';
}

/* Programs that are the first process of a system, and reap orphans themselves. */
static bool command_is_init(const char *program)
{
    static const char *const names[] = {"init",      "systemd",   "tini",     "tini-static", "dumb-init",
                                        "catatonit", "s6-svscan", "runsvdir", "openrc-init", "docker-init"};
    const char *slash = strrchr(program, '/'), *name = slash ? slash + 1 : program;

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* A command that lxc.init.cmd, which is split at blanks, cannot hold goes to lxcbox.conf. */
static int oci_add_command(struct oci *o, bool init)
{
    const struct string_list *command = o->image->command;
    cleanup_strbuf struct strbuf plain = STRBUF_INIT;
    bool words = true;
    int r = 0;

    for (size_t i = 0; r == 0 && i < command->count; i++) {
        words = words && value_is_plain(command->items[i]) && !strchr(command->items[i], ' ');
        r = strbuf_printf(&plain, "%s%s", i ? " " : "", command->items[i]);
    }
    if (r == 0 && words)
        r = config_text_append(&o->place->distribution, "lxc.init.cmd", strbuf_text(&plain));
    if (r == 0 && !words)
        r = lxcbox_conf_write_words(&o->own, "command", command->items, command->count);
    if (r == 0 && !init)
        r = strbuf_puts(&o->own, "reap = 1\n");
    return r;
}

static bool environment_has(const struct string_list *list, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < list->count; i++)
        if (strncmp(list->items[i], name, length) == 0 && list->items[i][length] == '=')
            return true;
    return false;
}

static int oci_add_variable(struct oci *o, const char *variable)
{
    char *word = (char *)variable;

    if (!strchr(variable, '=') || variable[0] == '=')
        return string_list_take(
            o->notes, format_string("left out of the environment: \"%.60s\" has no value", variable));
    return value_is_plain(variable)
               ? config_text_append(&o->place->distribution, "lxc.environment.runtime", variable)
               : lxcbox_conf_write_words(&o->own, "environment", &word, 1);
}

static int oci_add_environment(struct oci *o)
{
    const struct string_list *list = o->image->environment;
    cleanup_free char *home = format_string("HOME=%s", o->user.home);
    int r = home ? 0 : -ENOMEM;

    if (r == 0 && !environment_has(list, "PATH"))
        r = oci_add_variable(o, DEFAULT_PATH);
    for (size_t i = 0; r == 0 && i < list->count; i++)
        r = oci_add_variable(o, list->items[i]);
    if (r == 0 && !environment_has(list, "HOME"))
        r = oci_add_variable(o, home);
    return r;
}

static int oci_add_number(struct oci *o, const char *key, uint32_t number)
{
    char text[16];

    snprintf(text, sizeof(text), "%u", number);
    return config_text_append(&o->place->distribution, key, text);
}

static int oci_add_user(struct oci *o)
{
    const struct image_user *u = &o->user;
    cleanup_strbuf struct strbuf groups = STRBUF_INIT;
    int r = u->uid ? oci_add_number(o, "lxc.init.uid", u->uid) : 0;

    if (r == 0 && u->gid)
        r = oci_add_number(o, "lxc.init.gid", u->gid);
    for (size_t i = 0; r == 0 && i < u->group_count; i++)
        r = strbuf_printf(&groups, "%s%u", i ? "," : "", u->groups[i]);
    return r == 0 && groups.length
               ? config_text_append(&o->place->distribution, "lxc.init.groups", strbuf_text(&groups))
               : r;
}

static int oci_refuse_path(const char *what, const char *path, struct error *err)
{
    return error_text(err, EINVAL, "the image's %s \"%.100s\" is not a usable path", what, path);
}

/* An absolute path without "..", that a line can hold. */
static bool path_is_usable(const char *path)
{
    return path[0] == '/' && value_is_plain(path) && !strstr(path, "/../") && !ends_with(path, "/..") &&
           strlen(path) < PATH_MAX;
}

/* Make a directory of the rootfs that belongs to the container's root; an existing one is kept. Returns an
 * fd. */
static int oci_make_directory(const struct oci *o, const char *path)
{
    cleanup_fd int fd = rootfs_open(o->place->rootfs_fd, path, O_RDONLY | O_DIRECTORY, 0), made = -1;

    if (fd != -ENOENT)
        return take_fd(&fd);
    made = rootfs_make_directory(o->place->rootfs_fd, path, 0755);
    if (made < 0)
        return made;
    fd = openat(made, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || (o->place->config->idmap_count && fchown(fd, o->place->root_uid, o->place->root_gid) < 0))
        return -errno;
    return take_fd(&fd);
}

static int oci_add_directory(struct oci *o, struct error *err)
{
    const char *path = o->image->working_directory;
    cleanup_fd int fd = -1;

    if (!path || strcmp(path, "/") == 0)
        return 0;
    if (!path_is_usable(path))
        return oci_refuse_path("working directory", path, err);
    fd = oci_make_directory(o, path);
    if (fd < 0)
        return error_set(err, fd, "cannot make the working directory %s", path);
    return config_text_append(&o->place->distribution, "lxc.init.cwd", path) < 0 ? oci_no_memory(err) : 0;
}

/* "SIGQUIT" for "SIGQUIT", "QUIT" and "3"; the configuration checks that it exists. */
static int oci_add_signal(struct oci *o, bool init, struct error *err)
{
    const char *name = o->image->stop_signal;
    cleanup_config struct config check = {0};
    cleanup_free char *text = NULL;
    int r;

    if (!name && init)
        return 0;
    name = name ? name : "SIGTERM";
    text = starts_with(name, "SIG") || strspn(name, "0123456789") == strlen(name)
               ? strdup(name)
               : format_string("SIG%s", name);
    if (!text)
        return oci_no_memory(err);
    config_init(&check);
    r = config_set(&check, "lxc.signal.halt", text, "the image's StopSignal", err);
    if (r < 0)
        return r;
    return config_text_append(&o->place->distribution, "lxc.signal.halt", text) < 0 ? oci_no_memory(err) : 0;
}

/* "/var/lib/x" becomes "var_lib_x"; with a number if another volume has that name. */
static char *volume_name(int volumes, const char *path)
{
    char *name = strdup(path + 1);
    struct stat st;

    for (char *p = name; name && *p; p++)
        if (*p == '/' || *p == '.')
            *p = '_';
    for (unsigned i = 2; name && (!*name || fstatat(volumes, name, &st, AT_SYMLINK_NOFOLLOW) == 0); i++) {
        char *other = format_string("%s_%u", name, i);

        free(name);
        name = other;
    }
    return name;
}

static int volume_add_line(struct oci *o, const char *name, const char *path)
{
    cleanup_strbuf struct strbuf line = STRBUF_INIT;
    cleanup_free char *on_host = container_path(o->place->container, STORAGE_VOLUMES);
    int r = on_host ? strbuf_escape(&line, on_host) : -ENOMEM;

    if (r == 0)
        r = strbuf_puts(&line, "/");
    if (r == 0)
        r = strbuf_escape(&line, name);
    if (r == 0)
        r = strbuf_puts(&line, " ");
    if (r == 0)
        r = strbuf_escape(&line, path + 1);
    if (r == 0)
        r = strbuf_puts(&line, " none bind,create=dir 0 0");
    return r == 0 ? config_text_append(&o->place->distribution, "lxc.mount.entry", strbuf_text(&line)) : r;
}

/* A directory beside the rootfs, filled once with what the image has there, and with its owner and mode. */
static int oci_add_volume(struct oci *o, int volumes, const char *path, struct error *err)
{
    cleanup_free char *name = volume_name(volumes, path);
    cleanup_fd int from = -1, to = -1;
    int r;

    if (!name)
        return oci_no_memory(err);
    from = oci_make_directory(o, path);
    if (from < 0)
        return error_set(err, from, "cannot open the volume %s of the image", path);
    if (mkdirat(volumes, name, 0755) < 0 ||
        (to = openat(volumes, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0) {
        error_set(err, errno, "cannot make the directory of the volume %s", path);
        return storage_remedy(err);
    }
    r = copy_tree(from, to, err);
    if (r < 0)
        return error_context(err, "the volume %s", path);
    return volume_add_line(o, name, path) < 0 ? oci_no_memory(err) : 0;
}

static int oci_add_volumes(struct oci *o, struct error *err)
{
    const struct string_list *list = o->image->volumes;
    cleanup_fd int volumes = -1;
    int r = 0;

    if (list->count == 0)
        return 0;
    if (list->count > VOLUMES_MAX)
        return error_text(err, E2BIG, "the image has %zu volumes, which is more than %d", list->count,
                          VOLUMES_MAX);
    if (mkdirat(o->place->fd, STORAGE_VOLUMES, 0755) < 0 ||
        (volumes = openat(o->place->fd, STORAGE_VOLUMES, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) <
            0) {
        error_set(err, errno, "cannot make the directory of the volumes");
        return storage_remedy(err);
    }
    for (size_t i = 0; r == 0 && i < list->count; i++) {
        if (!path_is_usable(list->items[i]) || strcmp(list->items[i], "/") == 0)
            return oci_refuse_path("volume", list->items[i], err);
        r = oci_add_volume(o, volumes, list->items[i], err);
    }
    return r;
}

/* Ports are only for the reader: the host forwards none unless the administrator wants it. */
static int oci_add_ports(struct oci *o)
{
    const struct string_list *list = o->image->ports;
    int r = 0;

    for (size_t i = 0; r == 0 && i < list->count; i++) {
        const char *port = list->items[i];
        size_t digits = strspn(port, "0123456789");
        const char *protocol = port[digits] == '/' ? port + digits + 1 : "tcp";
        bool udp = strcmp(protocol, "udp") == 0;

        if (digits == 0 || digits > 5 || (!udp && strcmp(protocol, "tcp") != 0))
            continue;
        r = strbuf_printf(&o->place->distribution,
                          "# The image listens on port %.*s/%s: lxc-net forward add %s%.*s %s\n", (int)digits,
                          port, udp ? "udp" : "tcp", udp ? "udp " : "", (int)digits, port,
                          o->place->container->name);
    }
    return r;
}

/* The groups that may use ping: all. The kernel refuses a range whose last group is not mapped. */
static int oci_add_ping(struct oci *o)
{
    const struct config *c = o->place->config;
    uint32_t last = c->idmap_count ? 0 : INT32_MAX;
    char range[32];

    for (size_t i = 0; i < c->idmap_count; i++)
        if (c->idmaps[i].is_gid && c->idmaps[i].container_id == 0 && c->idmaps[i].count)
            last = c->idmaps[i].count - 1 < INT32_MAX ? c->idmaps[i].count - 1 : INT32_MAX;
    snprintf(range, sizeof(range), "0 %u", last);
    return config_text_append(&o->place->distribution, "lxc.sysctl.net.ipv4.ping_group_range", range);
}

/* A network of its own gets an address from outside, since images have no DHCP client; ping and low ports
 * need no capability. */
static int oci_add_network(struct oci *o, bool init)
{
    struct strbuf *network = &o->place->network, *d = &o->place->distribution;
    cleanup_strbuf struct strbuf type = STRBUF_INIT, address = STRBUF_INIT;
    int r = config_text_get(strbuf_text(network), "lxc.net.0.type", &type);
    bool own = r == 0 && strcmp(strbuf_text(&type), "none") != 0;
    bool link = own && strcmp(strbuf_text(&type), "empty") != 0;

    if (r == -ENOMEM)
        return r;
    r = link && !init ? config_text_get(strbuf_text(network), "lxc.net.0.ipv4.address", &address) : 0;
    if (r == -ENOENT)
        r = config_text_append(network, "lxc.net.0.ipv4.address", "dhcp");
    if (r == 0 && own && !init)
        r = oci_add_ping(o);
    if (r == 0 && own && !init)
        r = config_text_append(d, "lxc.sysctl.net.ipv4.ip_unprivileged_port_start", "0");
    return r;
}

static int oci_compose(struct oci *o, bool init)
{
    struct strbuf *d = &o->place->distribution;
    int r = strbuf_puts(d, "lxc.include = " CONFIG_DIRECTORY "/common.conf\n");

    if (r == 0)
        r = oci_add_command(o, init);
    if (r == 0)
        r = oci_add_user(o);
    if (r == 0)
        r = oci_add_environment(o);
    if (r == 0)
        r = config_text_append(
            d, "lxc.mount.entry",
            "tmpfs dev/shm tmpfs nosuid,nodev,noexec,mode=1777,size=65536k,create=dir 0 0");
    if (r == 0)
        r = oci_add_network(o, init);
    return r == 0 ? oci_add_ports(o) : r;
}

/* A file of the rootfs, if it is missing or empty. Links of the image are followed inside the rootfs. */
static int oci_write_file(const struct oci *o, const char *path, const char *text, struct error *err)
{
    cleanup_fd int directory = oci_make_directory(o, "etc"), fd = -1;
    struct stat st;

    if (directory < 0)
        return error_set(err, directory, "cannot open /etc of the image");
    fd = rootfs_open(o->place->rootfs_fd, path, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY, 0644);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > 0)
        return 0; /* what the image has there is its author's business */
    if (o->place->config->idmap_count && fchown(fd, o->place->root_uid, o->place->root_gid) < 0)
        return error_set(err, errno, "cannot write /%s of the image", path);
    if (write_all(fd, text, strlen(text)) < 0 || fchmod(fd, 0644) < 0) {
        error_set(err, errno, "cannot write /%s of the image", path);
        return storage_remedy(err);
    }
    return 0;
}

static int oci_write_files(const struct oci *o, struct error *err)
{
    const char *name = o->place->container->name;
    cleanup_free char *hosts = format_string("127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n", name);
    cleanup_free char *hostname = format_string("%s\n", name);
    int r = hosts && hostname ? oci_write_file(o, "etc/hosts", hosts, err) : oci_no_memory(err);

    return r == 0 ? oci_write_file(o, "etc/hostname", hostname, err) : r;
}

/* The files of the container beside its configuration. */
static int oci_write_own(const struct oci *o, struct error *err)
{
    const struct strbuf *json = o->image->image_json;
    int r = file_replace(o->place->fd, "image.json", strbuf_text(json), json->length, 0640);

    if (r == 0 && o->own.length)
        r = file_replace(o->place->fd, LXCBOX_CONF_NAME, strbuf_text(&o->own), o->own.length, 0640);
    if (r == 0)
        return 0;
    error_set(err, r, "cannot write the files of %s", o->place->container->name);
    return storage_remedy(err);
}

static int oci_fill(struct oci *o, struct error *err)
{
    bool init = command_is_init(o->image->command->items[0]);
    int r = image_user_read(o->image->user, o->place->rootfs_fd, &o->user, err);

    if (r == 0 && oci_compose(o, init) < 0)
        r = oci_no_memory(err);
    if (r == 0)
        r = oci_add_directory(o, err);
    if (r == 0)
        r = oci_add_signal(o, init, err);
    if (r == 0)
        r = oci_add_volumes(o, err);
    if (r == 0)
        r = oci_write_files(o, err);
    return r == 0 ? oci_write_own(o, err) : r;
}

int template_oci(struct create_place *place, const struct template_oci *image, struct string_list *notes,
                 struct error *err)
{
    struct oci o = {.place = place, .image = image, .notes = notes};
    int r;

    if (image->command->count == 0 || !*image->command->items[0]) {
        error_text(err, EINVAL, "the image does not say what to run");
        return error_remedy(err, "give a command after the template's options");
    }
    r = oci_fill(&o, err);
    strbuf_free(&o.own);
    free(o.user.home);
    return r;
}
