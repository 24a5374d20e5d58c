/* Shared by the files of init: the state of process 1, and how it runs applets as child processes. */
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
    sigset_t signals; /* blocked, and received by sigwaitinfo(2) */
    unsigned end;     /* a command of reboot(2) once a shutdown has been requested, else 0 */
    bool has_data;    /* /var is mounted */
    bool has_network; /* init_network() has succeeded */
    bool has_bridge;  /* lxc-net is running */
};

/* Print a line on the console. */
void init_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void init_print_error(const struct error *err);

/* Start an applet, given its name and arguments, NULL-terminated. Returns its pid, or a negative errno with
 * `err` filled. */
pid_t init_start(struct init *i, const char *const *words, struct error *err);

struct init_child {
    pid_t pid;  /* 0 after it has ended */
    int status; /* its exit status, or 128 + signal */
};

/*
 * Reap children until all of `children` have ended, or with `first` until one has ended with status 0. If
 * `count` is 0, wait for a shutdown request. Returns 0, or -ECANCELED if a shutdown has been requested.
 */
int init_wait_children(struct init *i, struct init_child *children, size_t count, bool first);

/*
 * Reap children until child `pid` has ended, or with 0 until a shutdown is requested. Returns its exit
 * status, 128 + signal, or -ECANCELED if a shutdown has been requested.
 */
int init_wait(struct init *i, pid_t pid);

/* Start an applet and wait for it. Returns 0 if its exit status is 0, else -ECANCELED or another negative
 * errno with `err` filled; the applet itself has reported the cause. */
int init_run(struct init *i, const char *const *words, struct error *err);

/* Mount the disk, or a tmpfs, at /var, with the containers of the initramfs; unmount all of it. */
int init_mount_data(struct init *i, struct error *err);
void init_unmount_data(void);

/* The number of processes that the kernel has killed for lack of memory. After a failure, compare it with
 * `kills_before`, and report the size of the memory and an estimate of the required size if it was too small.
 */
uint64_t init_memory_kills(void);
void init_report_memory(uint64_t kills_before);

/* Ask the user at the console. Returns 0 to try again, possibly with changed settings, or -ECANCELED to end.
 */
int init_ask(struct init *i);

/* Bring up the network according to the settings. */
int init_network(struct init *i, struct error *err);

/* Fetch the image, if one is set, and start the containers. Returns when the container of the image has
 * ended, or a shutdown has been requested. */
int init_containers(struct init *i, struct error *err);

/* Shut down all containers; kill those that do not stop in time. */
void init_stop_containers(struct init *i);

#endif
