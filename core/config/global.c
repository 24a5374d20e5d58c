#include "core/config/global.h"

#include <fcntl.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"

#define FILE_MAX 65536

const char *const global_keys[] = {
    "lxc.default_config", "lxc.lxcpath",    "lxc.bdev.lvm.vg",    "lxc.bdev.lvm.thin_pool",
    "lxc.bdev.zfs.root",  "lxc.cgroup.use", "lxc.cgroup.pattern", NULL};

/* The last key is not one of LXC, which ignores it; lxc-config -l therefore does not print it. */
#define KEY_COUNT  ARRAY_LENGTH(global_keys)
#define KEY_MAPPED "lxcbox.mapped"

static char *values[KEY_COUNT];
static bool is_read;

static ptrdiff_t global_key_index(const char *key, size_t length)
{
    if (strlen(KEY_MAPPED) == length && strncmp(KEY_MAPPED, key, length) == 0)
        return KEY_COUNT - 1;
    for (size_t i = 0; i < KEY_COUNT - 1; i++)
        if (strlen(global_keys[i]) == length && strncmp(global_keys[i], key, length) == 0)
            return (ptrdiff_t)i;
    return -1;
}

static void global_set_value(const char *key, char *value)
{
    ptrdiff_t i = global_key_index(key, strlen(key));

    if (i >= 0 && !values[i])
        values[i] = value;
    else
        free(value);
}

static void global_read_file(const char *path)
{
    cleanup_free char *text = NULL;
    char *rest, *line;

    if (file_read(AT_FDCWD, path, FILE_MAX, &text, NULL) < 0)
        return;
    for (rest = text; (line = strsep(&rest, "\n"));) {
        char *equals, *value, *end;
        ptrdiff_t i;

        line += strspn(line, " \t");
        if (!*line || *line == '#')
            continue;
        equals = strchr(line, '=');
        i = equals ? global_key_index(line, strcspn(line, " \t=")) : -1;
        if (i < 0) {
            log_warn("config", "%s: \"%s\" is not a setting of lxc.system.conf(5); ignored", path, line);
            continue;
        }
        value = equals + 1 + strspn(equals + 1, " \t");
        for (end = value + strlen(value); end > value && strchr(" \t\r", end[-1]);)
            *--end = '\0';
        free(values[i]);
        values[i] = strdup(value);
    }
}

static void global_read(void)
{
    const char *home = getenv("HOME");
    bool root = geteuid() == 0 || !home;
    cleanup_free char *own = root ? NULL : format_string("%s/.config/lxc/lxc.conf", home);

    is_read = true;
    global_read_file(own ? own : "/etc/lxc/lxc.conf");
    global_set_value("lxc.lxcpath",
                     root ? strdup("/var/lib/lxc") : format_string("%s/.local/share/lxc", home));
    global_set_value("lxc.default_config", root ? strdup("/etc/lxc/default.conf")
                                                : format_string("%s/.config/lxc/default.conf", home));
    global_set_value("lxc.bdev.lvm.vg", strdup("lxc"));
    global_set_value("lxc.bdev.lvm.thin_pool", strdup("lxc"));
    global_set_value("lxc.bdev.zfs.root", strdup("lxc"));
    global_set_value("lxc.cgroup.pattern", strdup(""));
    global_set_value("lxc.cgroup.use", strdup(""));
}

const char *global_item(const char *key)
{
    ptrdiff_t i = global_key_index(key, strlen(key));

    if (i < 0)
        return NULL;
    if (!is_read)
        global_read();
    return values[i];
}
