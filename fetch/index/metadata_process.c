/* Reading a metadata tarball in a process that can do nothing else: decoders and tar are given foreign bytes.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/cleanup.h"
#include "core/base/jail.h"
#include "core/base/process.h"
#include "fetch/index/metadata.h"

/* Shared with the process. What it writes is as untrusted as the tarball. */
struct meta_shared {
    size_t count;
    struct {
        char name[sizeof(((struct meta_file *)0)->name)];
        size_t length;
        char text[META_FILE_MAX];
    } files[META_FILES_MAX];
};

struct meta_call {
    const void *bytes;
    size_t length;
    const char *what;
    struct meta_shared *shared;
    struct process process;
};

static int meta_read_confined(void *data, struct error *err)
{
    struct meta_call *call = data;
    cleanup_meta_files struct meta_files files = {0};
    int r = jail_enter(-1, &call->process.report, 1, err);

    if (r == 0)
        r = jail_filter(err);
    if (r == 0)
        r = meta_read_tar_here(call->bytes, call->length, call->what, &files, err);
    for (size_t i = 0; r == 0 && i < files.count; i++) {
        memcpy(call->shared->files[i].name, files.items[i].name, sizeof(files.items[i].name));
        memcpy(call->shared->files[i].text, files.items[i].text, files.items[i].length);
        call->shared->files[i].length = files.items[i].length;
        call->shared->count = i + 1;
    }
    return r;
}

/* Copy what the process has found. 0, -ENOMEM, or -EBADMSG if it cannot come from meta_read_tar_here(). */
static int meta_take_over(const struct meta_shared *shared, struct meta_files *out)
{
    size_t count = shared->count;

    if (count > META_FILES_MAX)
        return -EBADMSG;
    for (size_t i = 0; i < count; i++) {
        size_t length = shared->files[i].length;
        cleanup_free char *name = strndup(shared->files[i].name, sizeof(shared->files[i].name) - 1);
        cleanup_free char *text = length <= META_FILE_MAX ? malloc(length + 1) : NULL;
        int r = name && text ? 0 : length > META_FILE_MAX ? -EBADMSG : -ENOMEM;

        if (r == 0) {
            memcpy(text, shared->files[i].text, length);
            text[length] = '\0';
            r = memchr(text, '\0', length) ? -EBADMSG : meta_files_add(out, name, take_ptr(text), length);
        }
        if (r < 0)
            return r;
    }
    return 0;
}

int meta_read_tar(const void *bytes, size_t length, const char *what, struct meta_files *out,
                  struct error *err)
{
    cleanup_meta_files struct meta_files files = {0};
    struct meta_call call = {bytes, length, what, NULL, PROCESS_INIT};
    int r;

    call.shared = mmap(NULL, sizeof(*call.shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (call.shared == MAP_FAILED)
        return error_set(err, errno, "cannot read %s", what);
    r = process_start(&call.process, meta_read_confined, &call, true, err);
    if (r == 0)
        r = process_finish(&call.process, err);
    if (r > 0)
        r = error_text(err, ECHILD, "cannot read %s: the process that reads it was killed", what);
    else if (r == 0 && (r = meta_take_over(call.shared, &files)) < 0)
        r = error_set(err, r, "cannot read %s", what);
    munmap(call.shared, sizeof(*call.shared));
    if (r < 0)
        return r;
    *out = files;
    files = (struct meta_files){0};
    return 0;
}
