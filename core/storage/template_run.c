#include "core/storage/template_run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/process.h"
#include "core/storage/storage.h"

#define MAX_FILE (1 << 20)

static char *find_program(const char *name, struct error *err)
{
    char *path = name[0] == '/' ? strdup(name) : format_string(TEMPLATE_DIRECTORY "/lxc-%s", name);

    if (!path) {
        error_set(err, ENOMEM, "cannot run template %s", name);
    } else if (access(path, X_OK) < 0) {
        error_set(err, errno, "there is no template \"%s\": cannot run %s", name, path);
        error_remedy(err, "built in are download, busybox, local and none");
        free(path);
        return NULL;
    }
    return path;
}

/* Run a program, which is killed when this process ends. Returns its exit status, or a negative errno. */
static int template_execute(const char *path, char **argv, struct error *err)
{
    struct process_program program = {.argv = argv};
    int r;

    r = process_run(process_execute, &program, err);
    if (r < 0)
        return error_context(err, "cannot run template %s", path);
    return r > 128 ? error_text(err, EINTR, "template %s was killed by signal %d", path, r - 128) : r;
}

int template_run_help(const char *name, struct error *err)
{
    cleanup_free char *path = find_program(name, err);

    return path ? template_execute(path, (char *[]){path, "-h", NULL}, err) : err->code;
}

static int add_argument(struct string_list *argv, char *text)
{
    return text ? string_list_take(argv, text) : -ENOMEM;
}

static int make_arguments(const struct template_run *t, const struct create_place *p, const char *path,
                          struct string_list *argv)
{
    int r = string_list_add(argv, path);

    if (r == 0)
        r = add_argument(argv, format_string("--path=%s", p->path));
    if (r == 0)
        r = add_argument(argv, format_string("--name=%s", p->container->name));
    if (r == 0)
        r = add_argument(argv, format_string("--rootfs=%s", p->rootfs_now));
    if (r == 0 && p->config->idmap_count)
        r = add_argument(argv, format_string("--mapped-uid=%u", p->root_uid));
    if (r == 0 && p->config->idmap_count)
        r = add_argument(argv, format_string("--mapped-gid=%u", p->root_gid));
    for (char **a = t->argv; r == 0 && *a; a++)
        r = string_list_add(argv, *a);
    return r;
}

/* Read a file and replace the temporary path in it by the final one. Returns -ENOENT if it does not exist. */
static int file_read_moved(const struct create_place *p, const char *name, struct strbuf *out)
{
    cleanup_free char *text = NULL, *final = container_path(p->container, NULL);
    int r = final ? file_read(p->fd, name, MAX_FILE, &text, NULL) : -ENOMEM;

    for (const char *at = text, *next; r == 0 && *at; at = next) {
        next = strstr(at, p->path);
        r = strbuf_add(out, at, next ? (size_t)(next - at) : strlen(at));
        if (r < 0 || !next)
            break;
        r = strbuf_puts(out, final);
        next += strlen(p->path);
    }
    return r;
}

/* Write the configuration to which the program adds, as LXC's templates expect. */
static int config_write_start(const struct create_place *p)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;

    if (strbuf_puts(&text, strbuf_text(&p->network)) < 0 || strbuf_puts(&text, strbuf_text(&p->own)) < 0)
        return -ENOMEM;
    return file_replace(p->fd, "config", strbuf_text(&text), text.length, 0640);
}

int template_run(void *context, struct create_place *p, struct error *err)
{
    const struct template_run *t = context;
    cleanup_free char *path = find_program(t->name, err);
    cleanup_string_list struct string_list argv = {0};
    cleanup_strbuf struct strbuf fstab = STRBUF_INIT;
    int r;

    if (!path)
        return err->code;
    r = make_arguments(t, p, path, &argv);
    if (r == 0)
        r = config_write_start(p);
    if (r < 0) {
        error_set(err, r, "cannot run template %s", path);
        return storage_remedy(err);
    }
    r = template_execute(path, argv.items, err);
    if (r < 0)
        return r;
    if (r > 0)
        return error_text(err, ECHILD, "template %s failed with status %d", path, r);
    r = file_read_moved(p, "config", &p->written);
    if (r == 0) {
        r = file_read_moved(p, "fstab", &fstab);
        r = r == 0 ? file_replace(p->fd, "fstab", strbuf_text(&fstab), fstab.length, 0640) : r;
        r = r == -ENOENT ? 0 : r;
    }
    return r < 0 ? error_set(err, r, "cannot read the configuration that template %s wrote", path) : 0;
}
