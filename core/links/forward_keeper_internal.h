/* The declarations shared by the files of the process that keeps forwards. */
#ifndef LXCBOX_CORE_LINKS_FORWARD_KEEPER_INTERNAL_H
#define LXCBOX_CORE_LINKS_FORWARD_KEEPER_INTERNAL_H

#include "core/base/loop.h"
#include "core/links/forward_keeper.h"
#include "core/links/forward_target.h"
#include "net/bridge/forward_relay.h"

struct kept_forward {
    struct forward_entry entry;
    struct ip targets[2]; /* the wanted targets: IPv4, IPv6; family 0: none */
    struct ip rules[2];   /* the targets in the tables */
    int listeners[2];     /* -1: none */
    struct ip served[2];  /* the targets of the listeners in the relay */
    uint32_t id;          /* of the first listener in the relay; the second one has the next id */
    struct forward_report report;
};

struct forward_keeper {
    const char *lxcpath;
    forward_init_pid *init_pid;
    int lock;
    struct loop loop;
    struct loop_timer look; /* for the next pass */
    int64_t looked_ms;      /* time of the last pass */
    bool ask_again;         /* a monitor has not answered */
    struct netlink links;   /* events of this host's links: containers that start and stop */
    struct forward_tables tables;
    struct forward_relay relay;
    struct forward_target *targets;
    size_t target_count;
    struct kept_forward *forwards;
    size_t forward_count;
    size_t listener_count; /* RELAY_LISTENERS at most */
    uint32_t next_id;
    char table_errors[2][256]; /* why the tables of a family do not work; "": they work */
};

/* Schedule a pass: something has changed, or may have changed. */
void forward_keeper_changed(struct forward_keeper *k);

/* forward_sync.c: update everything to the current files and containers. Returns whether anything failed. */
bool forward_sync(struct forward_keeper *k);
/* Make a new relay process serve all listeners of the last one. */
void forward_sync_relay(struct forward_keeper *k);
/* Remove everything. */
void forward_sync_end(struct forward_keeper *k);

#endif
