/*
 * The command socket: how every command asks a running container's monitor, ours or stock LXC's.
 *
 *     protocol.h          the messages, as they travel
 *     command_client.h    one function for each request: command_state(), command_init_pid(), ...
 *     peer.h              who answers, and whether to believe that process
 *     monitord.h          the broadcaster of state changes, for lxc-monitor
 *
 * The other side, which answers, is core/monitor/command_server.h and command_requests.c.
 */
#ifndef LXCBOX_CORE_COMMAND_COMMAND_H
#define LXCBOX_CORE_COMMAND_COMMAND_H
#endif
