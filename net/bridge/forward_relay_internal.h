/* The declarations shared by the files of the relay process. */
#ifndef LXCBOX_NET_BRIDGE_FORWARD_RELAY_INTERNAL_H
#define LXCBOX_NET_BRIDGE_FORWARD_RELAY_INTERNAL_H

#include "net/bridge/forward_relay.h"

/* A message to the process. A message that adds a listener carries the listening socket. */
struct relay_request {
    uint32_t id;
    bool add, tcp;
    union socket_address target;
};

struct relay_listener {
    int fd; /* -1: the slot is free */
    uint32_t id;
    bool tcp;
    bool waiting; /* has connections that were not accepted because all slots are in use */
    unsigned streams;
    union socket_address target;
};

struct relay_buffer {
    size_t start, end; /* of the bytes not yet sent */
    bool ended;        /* end of file from the sender */
    bool closed;       /* and the end was passed on to the receiver */
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

/* The source of an event: one of these and an index. */
enum { RELAY_CONTROL, RELAY_LISTENER, RELAY_STREAM, RELAY_FLOW, RELAY_KINDS };

/* Watch an fd for every change of its state (EPOLLET); `again` if it is already watched. */
int relay_watch(const struct relay *relay, int fd, unsigned kind, size_t index, bool again);

/* forward_relay_tcp.c */
void relay_stream_accept(struct relay *relay, struct relay_listener *l);
void relay_stream_run(struct relay *relay, size_t index);
void relay_stream_close(struct relay *relay, size_t index, bool reset);

/* forward_relay_udp.c */
void relay_flow_receive(struct relay *relay, struct relay_listener *l, int64_t now_ms);
void relay_flow_answer(struct relay *relay, size_t index, int64_t now_ms);
void relay_flow_close(struct relay_flow *f);
/* Close idle flows. Returns the time until the next one expires in milliseconds, -1 if there is none. */
int relay_flow_expire(struct relay *relay, int64_t now_ms);

#endif
