/* sysctl: read and set kernel settings in /proc/sys, as procps does. See sysctl.1. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/cli/applet.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"

#define ROOT      "/proc/sys"
#define VALUE_MAX 65536 /* bytes */
#define FILE_MAX  (1 << 20)

struct sysctl_options {
    bool all, write, values, names, binary, ignore, quiet;
    const char *load;
};

static const struct option_row sysctl_table[] = {
    OPT_FLAG('a', "all", struct sysctl_options, all, "every setting"),
    OPT_FLAG('w', "write", struct sysctl_options, write, "every operand sets a value"),
    OPT_FLAG('n', "values", struct sysctl_options, values, "print values without their keys"),
    OPT_FLAG('N', "names", struct sysctl_options, names, "print keys without their values"),
    OPT_FLAG('b', "binary", struct sysctl_options, binary, "print the value without a newline"),
    OPT_FLAG('e', "ignore", struct sysctl_options, ignore, "ignore keys that do not exist"),
    OPT_FLAG('q', "quiet", struct sysctl_options, quiet, "do not print the settings that were set"),
    OPT_OPTIONAL('p', "load", "FILE", struct sysctl_options, load,
                 "set the settings in the given files, default /etc/sysctl.conf"),
    OPT_END,
};

struct sysctl_call {
    const struct sysctl_options *options;
    const char *applet;
    bool ignore; /* of the current line */
    int status;
};

/* Report an error, and continue with the next key. */
static void sysctl_report(struct sysctl_call *c, const struct error *err)
{
    char text[sizeof(*err)];

    fflush(stdout);
    fprintf(stderr, "%s: %s\n", c->applet, error_format(err, text, sizeof(text)));
    c->status = 1;
}

/*
 * The path of a key below /proc/sys. Dots and slashes are exchanged, for interfaces with a dot in the name:
 * net.ipv4.conf.eth0/5.forwarding. If the first separator is a slash, the key is already a path.
 */
static char *sysctl_path(const char *key, struct error *err)
{
    const char *separator = strpbrk(key, "./");
    char *path = format_string("%s", key);

    if (!path)
        error_set(err, ENOMEM, "cannot look up %s", key);
    for (char *p = path; separator && *separator == '.' && p && *p; p++)
        *p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
    if (!path)
        return NULL;
    if (path[0] == '/' || strcmp(path, "..") == 0 || starts_with(path, "../") || strstr(path, "/../") ||
        ends_with(path, "/..")) {
        error_text(err, EINVAL, "\"%s\" cannot be the key of a setting", key);
        free(take_ptr(path));
    }
    return path;
}

static void sysctl_print_key(const char *path)
{
    for (; *path; path++)
        putchar(*path == '/' ? '.' : *path == '.' ? '/' : *path);
}

/* For a value of several lines, the key is printed before each line. */
static void sysctl_print_value(const struct sysctl_call *c, const char *path, const char *value)
{
    const struct sysctl_options *o = c->options;

    if (o->names) {
        sysctl_print_key(path);
        putchar('\n');
        return;
    }
    do {
        size_t n = strcspn(value, "\n");

        if (!o->values && !o->binary) {
            sysctl_print_key(path);
            fputs(" = ", stdout);
        }
        printf("%.*s", (int)n, value);
        value += n;
        if (!o->binary)
            putchar('\n');
        value += *value == '\n';
    } while (*value);
}

static int sysctl_open_root(struct error *err)
{
    int fd = open(ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? error_set(err, errno, "cannot open %s", ROOT) : fd;
}

static void sysctl_explain(int code, const char *what, const char *path, struct error *err)
{
    error_set(err, code, "cannot %s %s/%s", what, ROOT, path);
    if (code == -ENOENT)
        error_remedy(err, "this kernel does not have that setting");
    else if (code == -EACCES || code == -EPERM)
        error_remedy(err, "that requires root");
}

/* --- Reading --- */

static void sysctl_show_directory(struct sysctl_call *c, int root, const char *path);

/* `listed`: found in a directory; it is skipped if it cannot be read. */
static void sysctl_show_setting(struct sysctl_call *c, int root, const char *path, bool listed)
{
    cleanup_free char *value = NULL;
    struct error err = ERROR_INIT;
    struct stat s;
    int r = fstatat(root, path, &s, 0) < 0 ? -errno : 0;

    if (r == 0 && S_ISDIR(s.st_mode)) {
        sysctl_show_directory(c, root, path);
        return;
    }
    if (r == 0 && listed && !(s.st_mode & 0400))
        return;
    if (r == 0 && c->options->names) {
        sysctl_print_value(c, path, "");
        return;
    }
    if (r == 0)
        r = file_read(root, path, VALUE_MAX, &value, NULL);
    if (r == 0) {
        sysctl_print_value(c, path, value);
    } else if (!listed && !(r == -ENOENT && c->ignore)) {
        sysctl_explain(r, "read", path, &err);
        sysctl_report(c, &err);
    }
}

static int sysctl_compare(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The sorted names in a directory below /proc/sys; -1 if it cannot be read. */
static int sysctl_list(const char *path, struct dirent ***entries)
{
    cleanup_free char *full = format_string("%s/%s", ROOT, path);

    return full ? scandir(full, entries, NULL, sysctl_compare) : -1;
}

/* Obsolete settings: the kernel also has them in milliseconds, under another name. */
static bool sysctl_is_wanted(const char *name)
{
    return name[0] != '.' && strcmp(name, "base_reachable_time") != 0 && strcmp(name, "retrans_time") != 0;
}

static void sysctl_show_directory(struct sysctl_call *c, int root, const char *path)
{
    struct dirent **entries;
    int count = sysctl_list(path, &entries);

    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        cleanup_free char *below =
            strcmp(path, ".") == 0 ? format_string("%s", name) : format_string("%s/%s", path, name);

        if (sysctl_is_wanted(name) && below)
            sysctl_show_setting(c, root, below, true);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

/* --- Setting --- */

static void sysctl_set(struct sysctl_call *c, int root, const char *path, const char *value)
{
    struct error err = ERROR_INIT;
    cleanup_free char *line = format_string("%s\n", value);
    int r = line ? file_write_value(root, path, line) : -ENOMEM;

    if (r == 0) {
        if (!c->options->quiet)
            sysctl_print_value(c, path, value);
        return;
    }
    if (c->ignore && (r == -ENOENT || c->options->load))
        return;
    sysctl_explain(r, "set", path, &err);
    sysctl_report(c, &err);
}

/* Set every setting below `directory` that matches the rest of a pattern, one component at a time. */
static void sysctl_set_each(struct sysctl_call *c, int root, const char *directory, const char *pattern,
                            const char *value)
{
    size_t n = strcspn(pattern, "/");
    cleanup_free char *component = format_string("%.*s", (int)n, pattern);
    struct dirent **entries;
    int count = sysctl_list(directory, &entries);

    for (int i = 0; i < count; i++) {
        cleanup_free char *below =
            format_string("%s%s%s", directory, directory[0] ? "/" : "", entries[i]->d_name);

        if (below && component && entries[i]->d_name[0] != '.' &&
            fnmatch(component, entries[i]->d_name, 0) == 0) {
            if (pattern[n])
                sysctl_set_each(c, root, below, pattern + n + 1, value);
            else
                sysctl_set(c, root, below, value);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static char *sysctl_trim(char *text)
{
    char *end;

    text += strspn(text, " \t\r\n");
    end = text + strlen(text);
    while (end > text && strchr(" \t\r\n", end[-1]))
        *--end = '\0';
    return text;
}

/* "KEY = VALUE"; False if it has no '='. Modifies the text. */
static bool sysctl_set_line(struct sysctl_call *c, int root, char *line)
{
    cleanup_free char *path = NULL;
    struct error err = ERROR_INIT;
    char *equals = strchr(line, '='), *key, *value;

    if (!equals)
        return false;
    *equals = '\0';
    key = sysctl_trim(line);
    value = sysctl_trim(equals + 1);
    path = sysctl_path(key, &err);
    if (!path)
        sysctl_report(c, &err);
    else if (strpbrk(path, "*?["))
        sysctl_set_each(c, root, "", path, value);
    else
        sysctl_set(c, root, path, value);
    return true;
}

/*
 * sysctl.conf(5): "KEY = VALUE" lines; '#' and ';' begin comments; '-' before a key: errors are ignored.
 */
static void sysctl_load(struct sysctl_call *c, int root, const char *name)
{
    cleanup_free char *text = NULL;
    struct error err = ERROR_INIT;
    int r = file_read(AT_FDCWD, strcmp(name, "-") == 0 ? "/dev/stdin" : name, FILE_MAX, &text, NULL);
    unsigned number = 0;

    if (r < 0) {
        error_set(&err, r, "cannot read %s", name);
        sysctl_report(c, &err);
        return;
    }
    for (char *rest = text, *line; (line = strsep(&rest, "\n")); c->ignore = c->options->ignore) {
        number++;
        line = sysctl_trim(line);
        if (!*line || *line == '#' || *line == ';')
            continue;
        if (*line == '-') {
            c->ignore = true;
            line++;
        }
        if (!sysctl_set_line(c, root, line)) {
            error_text(&err, EINVAL, "%s:%u: \"%s\" does not have the form KEY = VALUE", name, number, line);
            sysctl_report(c, &err);
        }
    }
}

static void sysctl_read_or_set(struct sysctl_call *c, int root, char *operand)
{
    cleanup_free char *path = NULL;
    struct error err = ERROR_INIT;

    if (sysctl_set_line(c, root, operand))
        return;
    if (c->options->write) {
        error_text(&err, EINVAL, "\"%s\" does not set a value", operand);
        error_remedy(&err, "KEY=VALUE");
    } else if ((path = sysctl_path(operand, &err))) {
        sysctl_show_setting(c, root, path, false);
        return;
    }
    sysctl_report(c, &err);
}

static int sysctl_run(struct invocation *in, struct error *err)
{
    const struct sysctl_options *o = in->options;
    struct sysctl_call c = {.options = o, .applet = in->applet, .ignore = o->ignore};
    cleanup_fd int root = sysctl_open_root(err);

    if (root < 0)
        return root;
    if (o->load) {
        if (o->load[0] || !in->argc)
            sysctl_load(&c, root, o->load[0] ? o->load : "/etc/sysctl.conf");
        for (int i = 0; i < in->argc; i++)
            sysctl_load(&c, root, in->argv[i]);
        return c.status;
    }
    if (o->all)
        sysctl_show_directory(&c, root, ".");
    else if (!in->argc)
        return error_text(err, EINVAL, "no setting is given: KEY, KEY=VALUE, or -a");
    for (int i = 0; i < in->argc; i++)
        sysctl_read_or_set(&c, root, in->argv[i]);
    return c.status;
}

APPLET(sysctl, .name = "sysctl", .summary = "Read and set kernel settings",
       .usage = "[OPTION]... [KEY[=VALUE]]...", .options = sysctl_table,
       .options_size = sizeof(struct sysctl_options), .run = sysctl_run);
