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
    free(m->folder);
    free(m->dep);
    free(m->alias);
    free(m->soft);
    free(m->built_in);
    *m = (struct modules){0};
}

static int read_list(const struct modules *m, const char *name, char **out, struct error *err)
{
    cleanup_free char *path = format_string("%s/%s", m->folder, name);
    int r = path ? file_read(AT_FDCWD, path, FILE_MAX, out, NULL) : -ENOMEM;

    if (r == -ENOENT)
        return 0;
    return r < 0 ? error_set(err, r, "cannot read %s/%s", m->folder, name) : 0;
}

int modules_open(struct modules *m, const char *base, const char *release, struct error *err)
{
    struct utsname running;
    int r;

    *m = (struct modules){0};
    uname(&running);
    m->sys_counts = !release;
    m->folder = format_string("%s/lib/modules/%s", base ? base : "", release ? release : running.release);
    if (!m->folder)
        return error_set(err, ENOMEM, "cannot find modules");
    r = access(m->folder, R_OK) < 0 ? -errno : 0;
    if (r < 0)
        return error_set(err, r, "cannot read %s", m->folder);
    r = read_list(m, "modules.dep", &m->dep, err);
    if (r == 0 && !m->dep) {
        error_text(err, ENODATA, "%s has no modules.dep", m->folder);
        return error_remedy(err, "run \"depmod [-b DIR] RELEASE\"");
    }
    if (r == 0)
        r = read_list(m, "modules.alias", &m->alias, err);
    if (r == 0)
        r = read_list(m, "modules.softdep", &m->soft, err);
    return r < 0 ? r : read_list(m, "modules.builtin", &m->built_in, err);
}

/* '-' and '_' are the same but in a pattern's brackets. */
static void normalize(const char *from, size_t length, char out[WORD_MAX])
{
    bool bracket = false;
    size_t i;

    for (i = 0; i < length && i < WORD_MAX - 1; i++) {
        bracket = from[i] == '[' || (bracket && from[i] != ']');
        out[i] = from[i] == '-' && !bracket ? '_' : from[i];
    }
    out[i] = '\0';
}

/* The module's name in a path of `length` bytes: what is after the last slash and before ".ko". */
static void name_of(const char *path, size_t length, char out[WORD_MAX])
{
    const char *slash = memrchr(path, '/', length), *begin = slash ? slash + 1 : path;
    const char *end = memmem(begin, length - (size_t)(begin - path), ".ko", 3);

    normalize(begin, end ? (size_t)(end - begin) : length - (size_t)(begin - path), out);
}

bool module_is(const char *path, const char *name)
{
    char a[WORD_MAX], b[WORD_MAX];

    name_of(path, strlen(path), a);
    name_of(name, strlen(name), b);
    return strcmp(a, b) == 0;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');

    return end ? end + 1 : NULL;
}

/* Take the next word off a line; false at its end. */
static bool next_word(const char **line, const char **word, size_t *length)
{
    *line += strspn(*line, " \t");
    *word = *line;
    *length = strcspn(*line, " \t\n");
    *line += *length;
    return *length > 0;
}

/* Take a path once. */
static int add_path(struct string_list *paths, const char *path, size_t length)
{
    cleanup_free char *copy = strndup(path, length);

    if (!copy)
        return -ENOMEM;
    return string_list_has(paths, copy) ? 0 : string_list_take(paths, take_ptr(copy));
}

/* One answer in the making. */
struct resolving {
    const struct modules *m;
    struct string_list *paths;
    struct string_list soft; /* names whose soft dependencies are in it: those may go round in a ring */
};

static int resolve(struct resolving *r, const char *name);

/* A line "softdep NAME pre: a b post: c", behind the name. Those that are not there are no loss. */
static int resolve_soft_line(struct resolving *r, const char *rest, bool before)
{
    const char *word;
    char name[WORD_MAX];
    bool now = false;
    size_t length;

    while (next_word(&rest, &word, &length)) {
        normalize(word, length, name);
        if (strcmp(name, "pre:") == 0 || strcmp(name, "post:") == 0)
            now = (name[1] == 'r') == before;
        else if (now && resolve(r, name) == -ENOMEM)
            return -ENOMEM;
    }
    return 0;
}

static int resolve_soft(struct resolving *r, const char *name, bool before)
{
    for (const char *line = r->m->soft; line && *line; line = next_line(line)) {
        const char *rest = line, *word;
        char text[WORD_MAX];
        size_t length;

        if (!next_word(&rest, &word, &length) || length != 7 || memcmp(word, "softdep", 7) != 0 ||
            !next_word(&rest, &word, &length))
            continue;
        normalize(word, length, text);
        if (strcmp(text, name) == 0 && resolve_soft_line(r, rest, before) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* "kernel/a.ko: kernel/c.ko kernel/b.ko": what is needed last stands first. Each has its soft dependencies.
 */
static int add_with_needs(struct resolving *r, const char *line)
{
    const char *words[128], *rest = line;
    size_t lengths[128], count = 0;

    while (count < ARRAY_LENGTH(words) && next_word(&rest, &words[count], &lengths[count]))
        count++;
    if (count)
        lengths[0] -= words[0][lengths[0] - 1] == ':';
    while (count > 0) {
        char name[WORD_MAX];
        bool first;

        count--;
        name_of(words[count], lengths[count], name);
        first = !string_list_has(&r->soft, name);
        if ((first && (string_list_add(&r->soft, name) < 0 || resolve_soft(r, name, true) < 0)) ||
            add_path(r->paths, words[count], lengths[count]) < 0 ||
            (first && resolve_soft(r, name, false) < 0))
            return -ENOMEM;
    }
    return 0;
}

/* -ENOENT: no module has this name. */
static int resolve_module(struct resolving *r, const char *name)
{
    char at[WORD_MAX];

    for (const char *line = r->m->dep; line && *line; line = next_line(line)) {
        name_of(line, strcspn(line, ":\n"), at);
        if (strcmp(at, name) == 0)
            return add_with_needs(r, line);
    }
    return -ENOENT;
}

static bool is_built_in(const struct modules *m, const char *name)
{
    cleanup_free char *folder = format_string("/sys/module/%s", name);
    char at[WORD_MAX];

    for (const char *line = m->built_in; line && *line; line = next_line(line)) {
        name_of(line, strcspn(line, "\n"), at);
        if (strcmp(at, name) == 0)
            return true;
    }
    return m->sys_counts && folder && !strchr(name, '/') && access(folder, F_OK) == 0;
}

/* Lines "alias PATTERN NAME"; several may fit. */
static int resolve_alias(struct resolving *r, const char *name)
{
    bool found = false;

    for (const char *line = r->m->alias; line && *line; line = next_line(line)) {
        const char *rest = line, *word;
        char pattern[WORD_MAX], target[WORD_MAX];
        size_t length;

        if (!next_word(&rest, &word, &length) || length != 5 || memcmp(word, "alias", 5) != 0 ||
            !next_word(&rest, &word, &length))
            continue;
        normalize(word, length, pattern);
        if (fnmatch(pattern, name, 0) != 0 || !next_word(&rest, &word, &length))
            continue;
        normalize(word, length, target);
        if (resolve_module(r, target) == -ENOMEM)
            return -ENOMEM;
        found = true;
    }
    return found ? 0 : -ENOENT;
}

static int resolve(struct resolving *r, const char *name)
{
    int result = resolve_module(r, name);

    /* What is built in may have the name of something else that is not, as crc32 has. */
    if (result == -ENOENT)
        result = resolve_alias(r, name);
    return result == -ENOENT && is_built_in(r->m, name) ? 1 : result;
}

int modules_resolve(const struct modules *m, const char *name, struct string_list *paths)
{
    struct resolving r = {.m = m, .paths = paths};
    char normal[WORD_MAX];
    int result;

    normalize(name, strlen(name), normal);
    result = resolve(&r, normal);
    string_list_clear(&r.soft);
    return result;
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
        return error_remedy(err, "it is another kernel's");
    if (packed && err && (err->code == -EINVAL || err->code == -EOPNOTSUPP))
        return error_remedy(err, "this kernel does not unpack modules: unpack the file");
    return error_remedy(err, "the kernel's log may say more");
}

int modules_load(const struct modules *m, const char *name, const char *parameters, struct error *err)
{
    cleanup_string_list struct string_list paths = {0};
    int r = modules_resolve(m, name, &paths), absent = 0;
    bool loaded = false;

    if (r == -ENOENT) {
        return error_text(err, ENOENT, "there is no module %s in %s", name, m->folder);
    }
    for (size_t i = 0; i < paths.count; i++) {
        cleanup_free char *path = format_string("%s/%s", m->folder, paths.items[i]);
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

    name_of(name, strlen(name), normal);
    if (syscall(SYS_delete_module, normal, O_NONBLOCK | (force ? O_TRUNC : 0)) == 0)
        return 0;
    if (errno == ENOENT)
        return error_text(err, ENOENT, "no module %s is loaded", normal);
    if (errno != EWOULDBLOCK)
        return error_set(err, errno, "cannot remove module %s", normal);
    error_text(err, EWOULDBLOCK, "cannot remove module %s: it is in use", normal);
    return error_remedy(err, "lsmod says by what");
}

static void load_for_device(const struct modules *m, int fd)
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

/* Devices may appear while the modules of others are loaded: what those lead to is seen on the way down. */
static void walk_devices(const struct modules *m, int fd, unsigned depth)
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
            load_for_device(m, child);
            close(child);
        } else {
            walk_devices(m, child, depth + 1);
        }
    }
    if (!dir)
        close(fd);
}

void modules_load_for_devices(const struct modules *m)
{
    /* Twice: a bus's driver makes devices beside it, too. */
    for (int i = 0; i < 2; i++) {
        int fd = open("/sys/devices", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd >= 0)
            walk_devices(m, fd, 0);
    }
}

/* The module that a line of modules.dep, modules.alias or modules.softdep speaks of: its first, third or
 * second word. */
static bool line_names(const char *line, char out[WORD_MAX])
{
    unsigned at = starts_with(line, "alias ") ? 3 : starts_with(line, "softdep ") ? 2 : 1;
    const char *word;
    size_t length;

    for (unsigned i = 0; i < at; i++)
        if (!next_word(&line, &word, &length))
            return false;
    name_of(word, length, out);
    return out[0] != '#';
}

int modules_excerpt(const char *text, const struct string_list *paths, struct strbuf *out)
{
    for (const char *line = text; line && *line; line = next_line(line)) {
        char name[WORD_MAX];

        for (size_t i = 0; line_names(line, name) && i < paths->count; i++) {
            if (!module_is(paths->items[i], name))
                continue;
            if (strbuf_add(out, line, strcspn(line, "\n")) < 0 || strbuf_puts(out, "\n") < 0)
                return -ENOMEM;
            break;
        }
    }
    return 0;
}
