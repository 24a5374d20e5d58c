/* What the parts of init share: the state of process 1, and running our own applets as its children. */
#ifndef LXCBOX_APPLETS_INIT_INIT_H
#define LXCBOX_APPLETS_INIT_INIT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/boot/settings.h"

#define INIT_LXCPATH "/var/lib/lxc"

struct init {
    struct boot_settings settings;
    sigset_t signals; /* that are waited for */
    unsigned end;     /* what was asked for: a command of reboot(2); 0: nothing yet */
    bool has_data;    /* /var is mounted */
    bool has_network; /* init_network() has succeeded */
    bool has_bridge;  /* lxc-net runs */
};

/* Tell a person at the console. */
void init_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void init_say_error(const struct error *err);

/* Start one of our applets: its name and arguments, NULL at the end. Its pid or a negative errno with `err`
 * filled. */
pid_t init_start(struct init *i, const char *const *words, struct error *err);

struct init_child {
    pid_t pid;  /* 0 once it has ended */
    int status; /* its exit status, 128 + signal */
};

/*
 * Reap children until all of these have ended (with `first`: or one has with status 0); with none of them for
 * ever. 0, or -ECANCELED when the machine is asked to end.
 */
int init_wait_children(struct init *i, struct init_child *children, size_t count, bool first);

/*
 * Reap children until this one (0: none, for ever) has ended or the machine is asked to end. Its exit status,
 * 128 + signal, or -ECANCELED.
 */
int init_wait(struct init *i, pid_t pid);

/* Start one and wait for it; the status 0 is success. -ECANCELED, or another negative errno with `err` filled
 * (what is wrong the applet itself has said). */
int init_run(struct init *i, const char *const *words, struct error *err);

/* Mount the disk, or memory, at /var, with the containers of the initramfs; and at the end unmount all of it.
 */
int init_mount_data(struct init *i, struct error *err);
void init_unmount_data(void);

/* How many processes the kernel has killed for lack of memory. After a failure, with the number from before:
 * report how much memory there is, and about how much is needed, if that was the reason. */
uint64_t init_memory_kills(void);
void init_say_memory(uint64_t kills_before);

/* Let the user at the console choose. 0: to try again, perhaps with other settings; -ECANCELED: to end. */
int init_ask(struct init *i);

/* The network as the settings have it. */
int init_network(struct init *i, struct error *err);

/* Fetch the image if there is one to fetch, and start what there is to start; returns when the container of
 * the image has ended, or the machine is asked to end. */
int init_containers(struct init *i, struct error *err);

/* Shut all containers down, killing those that take longer than their time. */
void init_stop_containers(struct init *i);

#endif
