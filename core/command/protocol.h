/*
 * The command protocol between a container's monitor (server) and every other command (client): that of LXC
 * 5.0, so that liblxc programs control our containers and we control theirs. LXC's monitors close a
 * connection after most responses, ours wait for the next request or for the client to close it. The structs
 * are sent in the machine's native layout over an abstract AF_UNIX stream socket; the request is sent with
 * SCM_CREDENTIALS, and fds are sent with the response by SCM_RIGHTS. Source: LXC's commands.h and af_unix.c
 * (numbers and layouts), unix(7), cmsg(3).
 */
#ifndef LXCBOX_CORE_COMMAND_PROTOCOL_H
#define LXCBOX_CORE_COMMAND_PROTOCOL_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/base/message.h"
#include "core/config/container.h"

enum command {
    COMMAND_GET_TTY_FD,       /* value: tty number, 0 the console, -1 any; fd of the terminal; stays open */
    COMMAND_TERMINAL_WINCH,   /* unused; reserves its number */
    COMMAND_STOP,             /* the answer is the end of the connection, once the container has stopped */
    COMMAND_GET_STATE,        /* value: enum container_state */
    COMMAND_GET_INIT_PID,     /* value: pid in the monitor's pid namespace */
    COMMAND_GET_CLONE_FLAGS,  /* value: CLONE_NEW* mask of init's own namespaces */
    COMMAND_GET_CGROUP,       /* data: controller (none: any); data: path beneath the hierarchy's root */
    COMMAND_GET_CONFIG_ITEM,  /* data: key; data: its value as lxc-info -c prints it */
    COMMAND_GET_NAME,         /* data: the name; for a client that knows only a hashed address */
    COMMAND_GET_LXCPATH,      /* data: the path, likewise */
    COMMAND_ADD_STATE_CLIENT, /* data: int32_t[STATE_COUNT], 1: wanted, 2: wanted from the next change on;
                                 value: the state if it is wanted, else STATE_COUNT and the connection stays
                                 open until a struct state_message comes */
    COMMAND_CONSOLE_LOG,      /* data: struct console_log_request; data: the bytes */
    COMMAND_SERVE_STATE_CLIENTS,         /* value: the container's current state */
    COMMAND_SECCOMP_NOTIFY_ADD_LISTENER, /* value: number of the fd; a byte follows, with the fd */
    COMMAND_ADD_BPF_DEVICE_CGROUP,       /* data: struct device_message; on a host with cgroup v2 only */
    COMMAND_FREEZE,   /* value: timeout in seconds, -1 none; on a host with cgroup v2 only */
    COMMAND_UNFREEZE, /* likewise */
    COMMAND_GET_CGROUP2_FD,
    COMMAND_GET_INIT_PIDFD,
    COMMAND_GET_LIMIT_CGROUP,
    COMMAND_GET_LIMIT_CGROUP2_FD,
    COMMAND_GET_DEVPTS_FD,
    COMMAND_GET_SECCOMP_NOTIFY_FD,
    COMMAND_GET_CGROUP_CTX,      /* data: struct cgroup_context_message both ways; an fd for each hierarchy */
    COMMAND_GET_CGROUP_FD,       /* data: struct cgroup_fd_message both ways; one fd */
    COMMAND_GET_LIMIT_CGROUP_FD, /* likewise */
    COMMAND_GET_SYSTEMD_SCOPE,   /* data: the name of the monitor's systemd scope; LXC 6.0 */
    COMMAND_COUNT,
};

/* Maximum length of the data of a request, and of a response other than that of COMMAND_CONSOLE_LOG. */
#define COMMAND_DATA_MAX (PATH_MAX * 2)

/* `value` is a pointer in LXC: when `length` is 0 it holds an integer, sign-extended; else it is unused. */
struct command_request {
    int32_t command;
    int32_t length; /* bytes of data that follow */
    intptr_t value;
};

struct command_response {
    int32_t result; /* 0 or a negative errno */
    int32_t length; /* bytes of data that follow */
    intptr_t value;
};

#define MESSAGE_EXIT_STATUS 2

/* Sent to state clients and to lxc-monitor. `type` is 0 for a state. lxc-monitor also receives
 * MESSAGE_EXIT_STATUS, whose value is a wait status as of waitpid(2). */
struct state_message {
    int32_t type;
    char name[NAME_MAX + 1];
    int32_t value; /* enum container_state */
};

struct console_log_request {
    uint8_t clear;     /* empty the ring buffer afterwards */
    uint8_t read;      /* send its contents */
    uint64_t read_max; /* send at most this many bytes, and remove them from the buffer; 0: all */
    uint8_t write_logfile;
};

#define COMMAND_CGROUP_FDS_MAX MESSAGE_FDS_MAX

enum command_layout {
    COMMAND_LAYOUT_UNKNOWN = -1,
    COMMAND_LAYOUT_LEGACY,
    COMMAND_LAYOUT_HYBRID,
    COMMAND_LAYOUT_UNIFIED
};

struct cgroup_context_message {
    int32_t layout; /* enum command_layout */
    uint32_t utilities;
    uint32_t fd_count;
    int32_t fds[COMMAND_CGROUP_FDS_MAX]; /* numbers in the sender; the fds themselves come by SCM_RIGHTS */
} __attribute__((aligned(8)));

struct cgroup_fd_message {
    int32_t layout;
    uint32_t utilities;
    int32_t type; /* statfs(2) magic number; 0 in a request: any */
    int32_t fd;
    char controller[64];
} __attribute__((aligned(8)));

/* LXC's struct device_item; the receiver ignores the list links at its end. */
struct device_message {
    char type;            /* 'a', 'b', 'c' */
    int32_t major, minor; /* -1: any */
    char access[4];       /* "rwm", terminated */
    int32_t allow;
    void *links[2];
};

/*
 * The abstract address of a container's command socket: LXCPATH/NAME/command, or lxc/HASH/command with the
 * FNV-1a hash of LXCPATH/NAME where that is too long for a socket address. Returns the address's length.
 */
socklen_t command_address(const struct container *c, struct sockaddr_un *address);

/* The address of the broadcaster of an lxcpath: see core/command/monitord.h. Returns its length. */
socklen_t monitord_address(const char *lxcpath, struct sockaddr_un *address);

#endif
