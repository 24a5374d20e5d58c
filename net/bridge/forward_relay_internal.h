/* What the files of the relay's process share. */
#ifndef LXCBOX_NET_BRIDGE_FORWARD_RELAY_INTERNAL_H
#define LXCBOX_NET_BRIDGE_FORWARD_RELAY_INTERNAL_H

#include "net/bridge/forward_relay.h"

/* What the process is told. A message that adds carries the listening socket. */
struct relay_request {
    uint32_t id;
    bool add, tcp;
    union socket_address target;
};

struct relay_listener {
    int fd; /* -1: the slot is free */
    uint32_t id;
    bool tcp;
    bool waiting; /* has connections that were not accepted for want of room */
    unsigned streams;
    union socket_address target;
};

struct relay_buffer {
    size_t start, end; /* of what is not yet sent */
    bool ended;        /* the sender has ended */
    bool closed;       /* and the receiver was told */
    uint8_t bytes[RELAY_BUFFER_SIZE];
};

struct relay_stream {
    int fds[2]; /* client, target */
    struct relay_listener *listener;
    struct relay_buffer buffers[2]; /* from the client, from the target */
};

struct relay_flow {
    int fd; /* connected to the target; -1: the slot is free */
    struct relay_listener *listener;
    union socket_address client;
    int64_t used_ms;
};

struct relay {
    int poll, control;
    unsigned stream_count;
    struct relay_listener listeners[RELAY_LISTENERS];
    struct relay_stream *streams[RELAY_STREAMS]; /* NULL: the slot is free */
    struct relay_flow flows[RELAY_FLOWS];
};

/* What an event is of: one of these and an index. */
enum { RELAY_CONTROL, RELAY_LISTENER, RELAY_STREAM, RELAY_FLOW, RELAY_KINDS };

/* Watch an fd for every change of its state (EPOLLET); `again` for one that is watched already. */
int relay_watch(const struct relay *r, int fd, unsigned kind, size_t index, bool again);

/* forward_relay_tcp.c */
void relay_stream_accept(struct relay *r, struct relay_listener *l);
void relay_stream_run(struct relay *r, size_t index);
void relay_stream_close(struct relay *r, size_t index, bool reset);

/* forward_relay_udp.c */
void relay_flow_receive(struct relay *r, struct relay_listener *l, int64_t now_ms);
void relay_flow_answer(struct relay *r, size_t index, int64_t now_ms);
void relay_flow_close(struct relay_flow *f);
/* Close what has been idle; how long to wait for the next, in milliseconds, -1 for ever. */
int relay_flow_expire(struct relay *r, int64_t now_ms);

#endif
