#include "core/boot/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/module.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"

#define FILE_MAX (16u << 20) /* bytes */
#define WORD_MAX 512

#ifndef MODULE_INIT_COMPRESSED_FILE /* Linux 5.17 */
#define MODULE_INIT_COMPRESSED_FILE 4
#endif

void modules_free(struct modules *m)
{
    free(m->directory);
    free(m->dep);
    free(m->alias);
    free(m->soft);
    free(m->built_in);
    *m = (struct modules){0};
}

static int modules_read_list(const struct modules *m, const char *name, char **out, struct error *err)
{
    cleanup_free char *path = format_string("%s/%s", m->directory, name);
    int r = path ? file_read(AT_FDCWD, path, FILE_MAX, out, NULL) : -ENOMEM;

    if (r == -ENOENT)
        return 0;
    return r < 0 ? error_set(err, r, "cannot read %s/%s", m->directory, name) : 0;
}

int modules_open(struct modules *m, const char *base, const char *release, struct error *err)
{
    struct utsname running;
    int r;

    *m = (struct modules){0};
    uname(&running);
    m->sys_counts = !release;
    m->directory = format_string("%s/lib/modules/%s", base ? base : "", release ? release : running.release);
    if (!m->directory)
        return error_set(err, ENOMEM, "cannot find modules");
    r = access(m->directory, R_OK) < 0 ? -errno : 0;
    if (r < 0)
        return error_set(err, r, "cannot read %s", m->directory);
    r = modules_read_list(m, "modules.dep", &m->dep, err);
    if (r == 0 && !m->dep) {
        error_text(err, ENODATA, "%s has no modules.dep", m->directory);
        return error_remedy(err, "run \"depmod [-b DIR] RELEASE\"");
    }
    if (r == 0)
        r = modules_read_list(m, "modules.alias", &m->alias, err);
    if (r == 0)
        r = modules_read_list(m, "modules.softdep", &m->soft, err);
    return r < 0 ? r : modules_read_list(m, "modules.builtin", &m->built_in, err);
}

/* '-' and '_' are equivalent except in the brackets of a pattern. */
static void module_normalize(const char *from, size_t length, char out[WORD_MAX])
{
    bool bracket = false;
    size_t i;

    for (i = 0; i < length && i < WORD_MAX - 1; i++) {
        bracket = from[i] == '[' || (bracket && from[i] != ']');
        out[i] = from[i] == '-' && !bracket ? '_' : from[i];
    }
    out[i] = '\0';
}

/* The module name in a path of `length` bytes: the part after the last slash and before ".ko". */
static void module_name(const char *path, size_t length, char out[WORD_MAX])
{
    const char *slash = memrchr(path, '/', length), *begin = slash ? slash + 1 : path;
    const char *end = memmem(begin, length - (size_t)(begin - path), ".ko", 3);

    module_normalize(begin, end ? (size_t)(end - begin) : length - (size_t)(begin - path), out);
}

bool module_is(const char *path, const char *name)
{
    char a[WORD_MAX], b[WORD_MAX];

    module_name(path, strlen(path), a);
    module_name(name, strlen(name), b);
    return strcmp(a, b) == 0;
}

static const char *modules_next_line(const char *line)
{
    const char *end = strchr(line, '\n');

    return end ? end + 1 : NULL;
}

/* Read the next word of a line; false at its end. */
static bool modules_next_word(const char **line, const char **word, size_t *length)
{
    *line += strspn(*line, " \t");
    *word = *line;
    *length = strcspn(*line, " \t\n");
    *line += *length;
    return *length > 0;
}

/* Add a path unless it is in the list. */
static int modules_add_path(struct string_list *paths, const char *path, size_t length)
{
    cleanup_free char *copy = strndup(path, length);

    if (!copy)
        return -ENOMEM;
    return string_list_has(paths, copy) ? 0 : string_list_take(paths, take_ptr(copy));
}

/* The state of modules_resolve(). */
struct resolution {
    const struct modules *m;
    struct string_list *paths;
    struct string_list soft; /* names whose soft dependencies are included, because these may form a cycle */
};

static int resolution_add(struct resolution *resolution, const char *name);

/* A line "softdep NAME pre: a b post: c", after the name. Missing modules are ignored. */
static int resolution_add_soft_line(struct resolution *resolution, const char *rest, bool before)
{
    const char *word;
    char name[WORD_MAX];
    bool now = false;
    size_t length;

    while (modules_next_word(&rest, &word, &length)) {
        module_normalize(word, length, name);
        if (strcmp(name, "pre:") == 0 || strcmp(name, "post:") == 0)
            now = (name[1] == 'r') == before;
        else if (now && resolution_add(resolution, name) == -ENOMEM)
            return -ENOMEM;
    }
    return 0;
}

static int resolution_add_soft(struct resolution *resolution, const char *name, bool before)
{
    for (const char *line = resolution->m->soft; line && *line; line = modules_next_line(line)) {
        const char *rest = line, *word;
        char text[WORD_MAX];
        size_t length;

        if (!modules_next_word(&rest, &word, &length) || length != 7 || memcmp(word, "softdep", 7) != 0 ||
            !modules_next_word(&rest, &word, &length))
            continue;
        module_normalize(word, length, text);
        if (strcmp(text, name) == 0 && resolution_add_soft_line(resolution, rest, before) < 0)
            return -ENOMEM;
    }
    return 0;
}

/*
 * "kernel/a.ko: kernel/c.ko kernel/b.ko": dependencies are listed in reverse order of loading. Each has soft
 * dependencies.
 */
static int resolution_add_dependencies(struct resolution *resolution, const char *line)
{
    const char *words[128], *rest = line;
    size_t lengths[128], count = 0;

    while (count < ARRAY_LENGTH(words) && modules_next_word(&rest, &words[count], &lengths[count]))
        count++;
    if (count)
        lengths[0] -= words[0][lengths[0] - 1] == ':';
    while (count > 0) {
        char name[WORD_MAX];
        bool first;

        count--;
        module_name(words[count], lengths[count], name);
        first = !string_list_has(&resolution->soft, name);
        if ((first && (string_list_add(&resolution->soft, name) < 0 ||
                       resolution_add_soft(resolution, name, true) < 0)) ||
            modules_add_path(resolution->paths, words[count], lengths[count]) < 0 ||
            (first && resolution_add_soft(resolution, name, false) < 0))
            return -ENOMEM;
    }
    return 0;
}

/* -ENOENT: no module has this name. */
static int resolution_add_module(struct resolution *resolution, const char *name)
{
    char at[WORD_MAX];

    for (const char *line = resolution->m->dep; line && *line; line = modules_next_line(line)) {
        module_name(line, strcspn(line, ":\n"), at);
        if (strcmp(at, name) == 0)
            return resolution_add_dependencies(resolution, line);
    }
    return -ENOENT;
}

static bool modules_is_built_in(const struct modules *m, const char *name)
{
    cleanup_free char *directory = format_string("/sys/module/%s", name);
    char at[WORD_MAX];

    for (const char *line = m->built_in; line && *line; line = modules_next_line(line)) {
        module_name(line, strcspn(line, "\n"), at);
        if (strcmp(at, name) == 0)
            return true;
    }
    return m->sys_counts && directory && !strchr(name, '/') && access(directory, F_OK) == 0;
}

/* Lines "alias PATTERN NAME"; several may match. */
static int resolution_add_alias(struct resolution *resolution, const char *name)
{
    bool found = false;

    for (const char *line = resolution->m->alias; line && *line; line = modules_next_line(line)) {
        const char *rest = line, *word;
        char pattern[WORD_MAX], target[WORD_MAX];
        size_t length;

        if (!modules_next_word(&rest, &word, &length) || length != 5 || memcmp(word, "alias", 5) != 0 ||
            !modules_next_word(&rest, &word, &length))
            continue;
        module_normalize(word, length, pattern);
        if (fnmatch(pattern, name, 0) != 0 || !modules_next_word(&rest, &word, &length))
            continue;
        module_normalize(word, length, target);
        if (resolution_add_module(resolution, target) == -ENOMEM)
            return -ENOMEM;
        found = true;
    }
    return found ? 0 : -ENOENT;
}

static int resolution_add(struct resolution *resolution, const char *name)
{
    int r = resolution_add_module(resolution, name);

    /* A built-in module may have the same name as an alias of a loadable module, for example crc32. */
    if (r == -ENOENT)
        r = resolution_add_alias(resolution, name);
    return r == -ENOENT && modules_is_built_in(resolution->m, name) ? 1 : r;
}

int modules_resolve(const struct modules *m, const char *name, struct string_list *paths)
{
    struct resolution resolution = {.m = m, .paths = paths};
    char normal[WORD_MAX];
    int r;

    module_normalize(name, strlen(name), normal);
    r = resolution_add(&resolution, normal);
    string_list_clear(&resolution.soft);
    return r;
}

int module_load(const char *path, const char *parameters, struct error *err)
{
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool packed = !ends_with(path, ".ko");

    if (fd < 0)
        return error_set(err, errno, "cannot open module %s", path);
    if (syscall(SYS_finit_module, fd, parameters, packed ? MODULE_INIT_COMPRESSED_FILE : 0) == 0 ||
        errno == EEXIST)
        return 0;
    error_set(err, errno, "cannot load module %s", path);
    if (err && err->code == -ENOEXEC)
        return error_remedy(err, "it was built for another kernel");
    if (packed && err && (err->code == -EINVAL || err->code == -EOPNOTSUPP))
        return error_remedy(err, "this kernel cannot decompress modules: decompress the file");
    return error_remedy(err, "see the kernel log");
}

int modules_load(const struct modules *m, const char *name, const char *parameters, struct error *err)
{
    cleanup_string_list struct string_list paths = {0};
    int r = modules_resolve(m, name, &paths), absent = 0;
    bool loaded = false;

    if (r == -ENOENT) {
        return error_text(err, ENOENT, "there is no module %s in %s", name, m->directory);
    }
    for (size_t i = 0; i < paths.count; i++) {
        cleanup_free char *path = format_string("%s/%s", m->directory, paths.items[i]);
        bool named = module_is(paths.items[i], name);

        if (!path)
            return error_set(err, ENOMEM, "cannot load module %s", name);
        r = module_load(path, named ? parameters : "", err);
        if (r == -ENODEV && !named)
            absent = r;
        else if (r < 0)
            return r;
        else
            loaded = true;
        if (loaded)
            error_clear(err);
    }
    return loaded ? 0 : absent;
}

int module_remove(const char *name, bool force, struct error *err)
{
    char normal[WORD_MAX];

    module_name(name, strlen(name), normal);
    if (syscall(SYS_delete_module, normal, O_NONBLOCK | (force ? O_TRUNC : 0)) == 0)
        return 0;
    if (errno == ENOENT)
        return error_text(err, ENOENT, "no module %s is loaded", normal);
    if (errno != EWOULDBLOCK)
        return error_set(err, errno, "cannot remove module %s", normal);
    error_text(err, EWOULDBLOCK, "cannot remove module %s: it is in use", normal);
    return error_remedy(err, "see lsmod");
}

static void modules_load_for_device(const struct modules *m, int fd)
{
    struct error err = ERROR_INIT;
    char alias[WORD_MAX];
    ssize_t n = read_all(fd, alias, sizeof(alias) - 1);

    if (n <= 0)
        return;
    alias[n] = '\0';
    alias[strcspn(alias, "\n")] = '\0';
    if (modules_load(m, alias, "", &err) < 0 && err.code != -ENOENT)
        log_warn("modules", "%s", err.text);
}

/* Loading a module may create devices, which are found further down in the tree. */
static void modules_walk_devices(const struct modules *m, int fd, unsigned depth)
{
    cleanup_dir DIR *dir = fdopendir(fd);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        bool is_alias = strcmp(entry->d_name, "modalias") == 0;
        int child;

        if (!is_alias && (entry->d_type != DT_DIR || entry->d_name[0] == '.' || depth > 24))
            continue;
        child = openat(dirfd(dir), entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (child < 0)
            continue;
        if (is_alias) {
            modules_load_for_device(m, child);
            close(child);
        } else {
            modules_walk_devices(m, child, depth + 1);
        }
    }
    if (!dir)
        close(fd);
}

void modules_load_for_devices(const struct modules *m)
{
    /* Two passes: the driver of a bus also creates devices next to it. */
    for (int i = 0; i < 2; i++) {
        int fd = open("/sys/devices", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd >= 0)
            modules_walk_devices(m, fd, 0);
    }
}

/* The module of a line in modules.dep, modules.alias or modules.softdep: its first, third or second word. */
static bool modules_line_name(const char *line, char out[WORD_MAX])
{
    unsigned at = starts_with(line, "alias ") ? 3 : starts_with(line, "softdep ") ? 2 : 1;
    const char *word;
    size_t length;

    for (unsigned i = 0; i < at; i++)
        if (!modules_next_word(&line, &word, &length))
            return false;
    module_name(word, length, out);
    return out[0] != '#';
}

int modules_excerpt(const char *text, const struct string_list *paths, struct strbuf *out)
{
    for (const char *line = text; line && *line; line = modules_next_line(line)) {
        char name[WORD_MAX];

        for (size_t i = 0; modules_line_name(line, name) && i < paths->count; i++) {
            if (!module_is(paths->items[i], name))
                continue;
            if (strbuf_add(out, line, strcspn(line, "\n")) < 0 || strbuf_puts(out, "\n") < 0)
                return -ENOMEM;
            break;
        }
    }
    return 0;
}
