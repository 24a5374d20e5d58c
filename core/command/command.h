/*
 * The command socket, by which every command sends requests to a running container's monitor, ours or stock
 * LXC's.
 *
 *     protocol.h          the layout of the messages
 *     command_client.h    one function for each request: command_state(), command_init_pid(), ...
 *     exchange.h          one request and its response, on a connection that queries may share
 *     peer.h              checks of the process that answers
 *     monitord.h          the broadcaster of state changes, for lxc-monitor
 *
 * The server side is in core/monitor: command_server.h and command_requests.c.
 */
#ifndef LXCBOX_CORE_COMMAND_COMMAND_H
#define LXCBOX_CORE_COMMAND_COMMAND_H
#endif
