/* What the files of the process that keeps forwards share. */
#ifndef LXCBOX_CORE_LINKS_FORWARD_KEEPER_INTERNAL_H
#define LXCBOX_CORE_LINKS_FORWARD_KEEPER_INTERNAL_H

#include "core/base/loop.h"
#include "core/links/forward_keeper.h"
#include "core/links/forward_target.h"
#include "net/bridge/forward_relay.h"

struct kept_forward {
    struct forward_entry entry;
    struct ip targets[2]; /* what it is to lead to: IPv4, IPv6; family 0: none */
    struct ip rules[2];   /* what the tables translate to */
    int listeners[2];     /* -1: none */
    struct ip served[2];  /* what the relay passes the listeners' clients on to */
    uint32_t id;          /* of the first listener in the relay; the second has the next */
    struct forward_report report;
};

struct forward_keeper {
    const char *lxcpath;
    forward_init_pid *init_pid;
    int lock;
    struct loop loop;
    struct loop_timer look; /* when all is looked at again */
    int64_t looked_ms;      /* when it was */
    bool ask_again;         /* a monitor has not answered */
    struct netlink links;   /* events of this host's links: containers that come and go */
    struct forward_tables tables;
    struct forward_relay relay;
    struct forward_target *targets;
    size_t target_count;
    struct kept_forward *forwards;
    size_t forward_count;
    size_t listener_count; /* RELAY_LISTENERS at most */
    uint32_t next_id;
    char table_errors[2][256]; /* why the tables of a family do not work; "": they do */
};

/* Something has changed, or may have: have it looked at soon. */
void forward_keeper_changed(struct forward_keeper *k);

/* forward_sync.c: make all as the files and the containers are now. Whether anything failed. */
bool forward_sync(struct forward_keeper *k);
/* Have a new process of the relay serve all that the last one did. */
void forward_sync_relay(struct forward_keeper *k);
/* Take back everything. */
void forward_sync_end(struct forward_keeper *k);

#endif
