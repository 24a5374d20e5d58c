/* The files of lxc-net's leases, after any end of the process or of the machine: the table that is read from
 * them. */
#include "tests/fuzz/files.h"

#include <stdio.h>
#include <strings.h>

#include "net/dhcp/lease_journal.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIRST 0x0a000302
#define LAST  0x0a0003fe
#define NOW   1700000000

static char directory[] = "/dev/shm/fuzz-leases-XXXXXX", path[64];

static void directory_remove(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s", directory);
    (void)!system(command);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (!mkdtemp(directory))
        abort();
    atexit(directory_remove);
    snprintf(path, sizeof(path), "%s/leases", directory);
    return 0;
}

static void table_examine(const struct lease_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct lease *l = &t->leases[i];

        if (l->address < FIRST || l->address > LAST || l->expires > NOW + 3600)
            abort();
        for (size_t k = 0; k < i; k++)
            if (t->leases[k].address == l->address ||
                (l->host_name[0] && strcasecmp(t->leases[k].host_name, l->host_name) == 0))
                abort();
    }
}

/* Is the second table the first one, but for offers? In its order, too. */
static bool tables_are_same(const struct lease_table *first, const struct lease_table *again)
{
    size_t k = 0;

    for (size_t i = 0; i < first->count; i++) {
        const struct lease *a = &first->leases[i], *b;

        if (!a->expires)
            continue;
        if (k == again->count)
            return false;
        b = &again->leases[k++];
        if (a->address != b->address || a->expires != b->expires ||
            memcmp(&a->client, &b->client, sizeof(a->client)) != 0 || strcmp(a->host_name, b->host_name) != 0)
            return false;
    }
    return k == again->count;
}

static void file_write(const char *end, const uint8_t *bytes, size_t size)
{
    char name[80];
    int fd;

    snprintf(name, sizeof(name), "%s%s", path, end);
    fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const ends[] = {".0", ".1", ""};
    struct lease_journal journal = LEASE_JOURNAL_CLOSED;
    struct lease_table first, again;
    struct error err = ERROR_INIT;

    files_set(ends, 3, data, size);
    for (size_t i = 0; i < 3; i++)
        file_write(ends[i], files[i].bytes, files[i].size);
    files[0].path = NULL; /* these are files, which are rewritten */
    lease_table_init(&first, FIRST, LAST);
    lease_table_init(&again, FIRST, LAST);
    if (lease_journal_open(&journal, path, &first, NOW, 3600, &err) == 0) {
        table_examine(&first);
        lease_journal_read(path, &again, NOW, 3600);
        table_examine(&again);
        /* What was written back is what was read. */
        if (!tables_are_same(&first, &again))
            abort();
    }
    lease_journal_close(&journal);
    lease_table_free(&first);
    lease_table_free(&again);
    return 0;
}
