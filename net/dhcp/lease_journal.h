/*
 * Leases on disk, so that they survive kill -9 and power loss at any moment: two files, one of which is
 * appended to, a line for each change, the last line of an address counting. Changes are on disk before the
 * client is told (lease_journal_sync once for all that came together). When the file has grown, the whole
 * table is written into the other one, closed with a checksum and synced, and only then the first is emptied:
 * at every moment one of them is whole, and a line that was cut is no line.
 *
 * Both files are open from the start, so that a process that has given up its rights can go on.
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
    struct strbuf pending; /* lines not yet written */
};

#define LEASE_JOURNAL_CLOSED                                                                                 \
    {                                                                                                        \
        {-1, -1}, 0, 0, 0, STRBUF_INIT                                                                       \
    }

/*
 * Open PATH.0 and PATH.1 (made where they are missing, with their folder) and read them into the table, of
 * which only addresses between its first and last are kept. An expiry further away than `longest` seconds
 * from `now` (the clock was wrong, or is) is cut to that. `path` may name a leases file of dnsmasq, which is
 * read where neither of ours holds anything.
 */
int lease_journal_open(struct lease_journal *j, const char *path, struct lease_table *t, int64_t now,
                       int64_t longest, struct error *err);
/* Only read them, as somebody who looks; files that are missing hold nothing. */
void lease_journal_read(const char *path, struct lease_table *t, int64_t now, int64_t longest);
void lease_journal_close(struct lease_journal *j);

/* Note a lease that has changed; written by the next sync. 0 or -ENOMEM. */
int lease_journal_note(struct lease_journal *j, const struct lease *l);

/* Write what was noted and wait until it is on disk; where the file has grown, write it anew. What could not
 * be written stays noted. 0 or a negative errno (-ENOSPC). */
int lease_journal_sync(struct lease_journal *j, const struct lease_table *t);

#endif
