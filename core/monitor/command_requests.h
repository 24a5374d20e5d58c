/* The answers of the monitor to each command; used by command_server.c only. */
#ifndef LXCBOX_CORE_MONITOR_COMMAND_REQUESTS_H
#define LXCBOX_CORE_MONITOR_COMMAND_REQUESTS_H

#include "core/monitor/command_server.h"
#include "core/command/protocol.h"

/*
 * Answer one request of a peer that has permission. `data` holds request->length bytes and a terminating
 * zero.
 */
enum command_outcome command_answer(struct monitor *m, int connection, const struct command_request *request,
                                    const char *data);

#endif
