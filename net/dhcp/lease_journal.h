/*
 * Leases on disk, which survive SIGKILL and power loss at any moment: two files, one of which is appended to,
 * with a line for each change; the last line for an address is valid. A complete file begins with the table
 * as it was, which is read without joining leases that one client has for several addresses. Changes are on
 * disk before the reply is sent (one lease_journal_sync for all messages that arrived together). When the
 * file has grown, the whole table is written to the other file, terminated with a checksum and synced; only
 * then the first file is emptied. At every moment one of them is complete; an incomplete last line is
 * ignored.
 *
 * Both files are opened at the start, so that a process can continue after dropping its privileges.
 */
#ifndef LXCBOX_NET_DHCP_LEASE_JOURNAL_H
#define LXCBOX_NET_DHCP_LEASE_JOURNAL_H

#include "core/base/error.h"
#include "core/base/str.h"
#include "net/dhcp/lease.h"

struct lease_journal {
    int fds[2]; /* -1: closed */
    int current;
    size_t lines;          /* in the current file */
    uint64_t generation;   /* of the current file */
    struct strbuf pending; /* lines to be written */
};

#define LEASE_JOURNAL_CLOSED                                                                                 \
    {                                                                                                        \
        {-1, -1}, 0, 0, 0, STRBUF_INIT                                                                       \
    }

/*
 * Open PATH.0 and PATH.1 (created if missing, with their directory) and read them into the table; only
 * addresses between its first and last are kept. An expiry more than `longest` seconds after `now` (the clock
 * was or is wrong) is limited to that. `path` may name a lease file of dnsmasq, which is read if both of our
 * files are empty.
 */
int lease_journal_open(struct lease_journal *j, const char *path, struct lease_table *t, int64_t now,
                       int64_t longest, struct error *err);
/* Read the files without changing them; missing files count as empty. */
void lease_journal_read(const char *path, struct lease_table *t, int64_t now, int64_t longest);
void lease_journal_close(struct lease_journal *j);

/* Record a changed lease; the next sync writes it. 0 or -ENOMEM. */
int lease_journal_note(struct lease_journal *j, const struct lease *l);

/* Write the recorded changes and wait until they are on disk; rewrite the file if it has grown. On failure
 * the changes stay recorded. 0 or a negative errno (-ENOSPC). */
int lease_journal_sync(struct lease_journal *j, const struct lease_table *t);

#endif
