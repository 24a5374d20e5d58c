/* The files beside a container's configuration, which its owner may have written: read by root as well. */
#include "tests/fuzz/files.h"

#include <stdio.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/links/moved.h"
#include "core/monitor/last_run.h"
#include "core/storage/dependents.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = {"/" LAST_EXIT, "/" MOVED_LINKS, "/lxc_snapshots", "/lxc_rdepends"};
static char lxcpath[] = "/dev/shm/fuzz-records-XXXXXX";
static const struct container container = {.name = "c", .lxcpath = lxcpath};

static void lxcpath_remove(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s", lxcpath);
    (void)!system(command);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char path[64];

    (void)argc;
    (void)argv;
    if (!mkdtemp(lxcpath))
        abort();
    atexit(lxcpath_remove);
    snprintf(path, sizeof(path), "%s/c", lxcpath);
    mkdir(path, 0755);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_string_list struct string_list copies = {0}, origins = {0};
    struct last_exit last;

    files_set(paths, ARRAY_LENGTH(paths), data, size);
    if (last_exit_read(&container, &last) == 0 &&
        (last.status < 0 || last.status > 255 || last.time_seconds < 0))
        abort();
    (void)moved_links_add(&container, 7, "veth7");
    (void)moved_links_remove(&container, 7);
    if (dependents_read(&container, &copies, NULL) == 0 && copies.count % 2)
        abort();
    if (rdepends_read(&container, &origins, NULL) == 0 && origins.count % 2)
        abort();
    return 0;
}
