#include "net/dhcp/lease_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"

#define FILE_MAX  (32 << 20) /* bytes read from a file at most */
#define LINES_MIN 1000       /* a file with fewer lines is not rewritten */
#define HEADER    "# lxc-net leases, generation "
#define FOOTER    "# complete "

void lease_journal_close(struct lease_journal *j)
{
    close_fd(&j->fds[0]);
    close_fd(&j->fds[1]);
    strbuf_free(&j->pending);
}

/* A line without an identifier is of the client that was known without one, or of a new one. */
static struct lease *journal_change(struct lease_table *t, const struct lease *l)
{
    struct lease *there = lease_of_address(t, l->address);

    if (there && !l->client.id_size && !there->client.id_size &&
        memcmp(&there->client, &l->client, sizeof(l->client)) == 0)
        return there;
    return lease_take(t, l->address, &l->client);
}

static void journal_apply(struct lease_table *t, const struct lease *l, bool is_change, int64_t now,
                          int64_t longest)
{
    struct lease *kept;

    if (l->address < t->least || l->address > t->most)
        return;
    kept = is_change ? journal_change(t, l) : lease_put(t, l->address, &l->client);
    if (!kept)
        return;
    kept->expires = l->expires > now + longest ? now + longest : l->expires;
    /* A later line takes over the name, as when it was written. */
    if (l->host_name[0])
        lease_set_name(t, kept, l->host_name);
    else
        kept->host_name[0] = '\0';
}

/* Parse lines: those before `changes` are a table, which is read as it is; each later one changes it. Returns
 * their number. A last line without a newline is incomplete and ignored. */
static size_t journal_read_lines(const char *text, const char *changes, struct lease_table *t, int64_t now,
                                 int64_t longest)
{
    const char *end;
    size_t lines = 0;

    for (; (end = strchr(text, '\n')); text = end + 1, lines++) {
        struct lease l;

        if (lease_parse(text, (size_t)(end - text), &l))
            journal_apply(t, &l, text >= changes, now, longest);
    }
    return lines;
}

/* FNV-1a. */
static uint32_t journal_checksum(const char *text, size_t length)
{
    uint32_t h = 2166136261U;

    for (size_t i = 0; i < length; i++)
        h = (h ^ (uint8_t)text[i]) * 16777619U;
    return h;
}

/* The generation of the file, if its initial table is complete and its checksum is right; else 0. */
static uint64_t journal_read_generation(const char *text)
{
    const char *footer = strstr(text, FOOTER);

    if (!footer || !starts_with(text, HEADER) ||
        strtoul(footer + strlen(FOOTER), NULL, 16) != journal_checksum(text, (size_t)(footer - text)))
        return 0;
    return strtoull(text + strlen(HEADER), NULL, 10);
}

static int journal_open_file(struct lease_journal *j, int slot, const char *path, char **text)
{
    cleanup_free char *name = format_string("%s.%d", path, slot);

    if (!name)
        return -ENOMEM;
    j->fds[slot] = open(name, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (j->fds[slot] < 0)
        return -errno;
    return file_read(AT_FDCWD, name, FILE_MAX, text, NULL);
}

/* Write the table to the other file and continue there. */
static int journal_rewrite(struct lease_journal *j, const struct lease_table *t)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    int other = !j->current, r;

    r = strbuf_printf(&text, HEADER "%llu\n", (unsigned long long)j->generation + 1);
    for (size_t i = 0; r == 0 && i < t->count; i++) {
        char line[LEASE_LINE_SIZE];

        /* Offers need not survive, and addresses in use by unknown hosts are detected again. */
        if (t->leases[i].expires)
            r = strbuf_add(&text, line, lease_format(&t->leases[i], line));
    }
    if (r == 0)
        r = strbuf_printf(&text, FOOTER "%08x\n", journal_checksum(text.text, text.length));
    if (r == 0 && ftruncate(j->fds[other], 0) < 0)
        r = -errno;
    if (r == 0)
        r = write_all(j->fds[other], text.text, text.length);
    if (r == 0 && fdatasync(j->fds[other]) < 0)
        r = -errno;
    if (r <
        0) { /* the current file goes on: a newer one that is complete would hide what it gets from now on */
        (void)!ftruncate(j->fds[other], 0);
        return r;
    }
    j->current = other;
    j->generation++;
    j->lines = t->count;
    return ftruncate(j->fds[!other], 0) < 0 ? -errno : 0;
}

static int journal_sync_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    cleanup_free char *directory = slash ? format_string("%.*s/", (int)(slash - path), path) : strdup(".");
    cleanup_fd int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int journal_create_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    cleanup_free char *directory = slash && slash > path ? strndup(path, (size_t)(slash - path)) : NULL;

    return directory ? make_directories(directory, 0755) : 0;
}

/* Read both files, or the file of dnsmasq. Returns the number of the current file. */
static int journal_read_files(const char *path, const char *const text[2], uint64_t generation[2],
                              struct lease_table *t, int64_t now, int64_t longest)
{
    cleanup_free char *foreign = NULL;
    size_t lines = 0;
    int newest;

    for (int slot = 0; slot < 2; slot++)
        generation[slot] = journal_read_generation(text[slot]);
    newest = generation[1] > generation[0];
    if (generation[newest]) /* complete: the other file has nothing that is not in it */
        lines = journal_read_lines(text[newest], strstr(text[newest], FOOTER), t, now, longest);
    else
        for (int i = 0; i < 2; i++) {
            int slot = i == 0 ? !newest : newest;

            lines += journal_read_lines(text[slot], text[slot], t, now, longest);
        }
    if (lines == 0 && file_read(AT_FDCWD, path, FILE_MAX, &foreign, NULL) == 0)
        journal_read_lines(foreign, foreign, t, now, longest);
    return newest;
}

void lease_journal_read(const char *path, struct lease_table *t, int64_t now, int64_t longest)
{
    cleanup_free char *first = NULL, *second = NULL;
    char **text[2] = {&first, &second};
    uint64_t generation[2];

    for (int slot = 0; slot < 2; slot++) {
        cleanup_free char *name = format_string("%s.%d", path, slot);

        if (!name ||
            (file_read(AT_FDCWD, name, FILE_MAX, text[slot], NULL) < 0 && !(*text[slot] = strdup(""))))
            return;
    }
    journal_read_files(path, (const char *[]){first, second}, generation, t, now, longest);
}

int lease_journal_open(struct lease_journal *j, const char *path, struct lease_table *t, int64_t now,
                       int64_t longest, struct error *err)
{
    cleanup_free char *first = NULL, *second = NULL;
    char **text[2] = {&first, &second};
    uint64_t generation[2] = {0, 0};
    int newest, r = journal_create_directory(path);

    for (int slot = 0; r == 0 && slot < 2; slot++) {
        r = journal_open_file(j, slot, path, text[slot]);
    }
    if (r < 0)
        return error_set(err, r, "cannot open the leases %s.0 and .1", path);
    newest = journal_read_files(path, (const char *[]){first, second}, generation, t, now, longest);
    j->current = newest;
    j->generation = generation[newest];
    r = journal_rewrite(j, t);
    if (r == 0)
        r = journal_sync_directory(path);
    return r < 0 ? error_set(err, r, "cannot write the leases %s.%d", path, j->current) : 0;
}

int lease_journal_note(struct lease_journal *j, const struct lease *l)
{
    char line[LEASE_LINE_SIZE];

    return strbuf_add(&j->pending, line, lease_format(l, line));
}

int lease_journal_sync(struct lease_journal *j, const struct lease_table *t)
{
    struct stat before;
    int r;

    if (!j->pending.length)
        return 0;
    if (fstat(j->fds[j->current], &before) < 0)
        return -errno;
    r = write_all(j->fds[j->current], j->pending.text, j->pending.length);
    if (r == 0 && fdatasync(j->fds[j->current]) < 0)
        r = -errno;
    if (r < 0) {
        /* Remove an incomplete line before the next one is written. */
        if (ftruncate(j->fds[j->current], before.st_size) < 0)
            return -errno;
        return r;
    }
    for (const char *p = j->pending.text; (p = strchr(p, '\n')); p++)
        j->lines++;
    strbuf_free(&j->pending);
    return j->lines > LINES_MIN + 4 * t->count ? journal_rewrite(j, t) : 0;
}
