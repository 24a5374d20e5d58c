/* lxc-top: print the resource usage of running containers periodically. See lxc-top.1. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/base/cleanup.h"
#include "core/base/signal.h"
#include "core/cgroup/cgroup.h"
#include "core/command/command_client.h"
#include "core/storage/list.h"

struct lxc_top_options {
    struct container_options container;
    bool batch, reverse;
    const char *delay, *sort;
};

static const struct option_row lxc_top_table[] = {
    OPT_STRING('d', "delay", "SECONDS", struct lxc_top_options, delay,
               "time between two updates (3; with -b 300)"),
    OPT_FLAG('b', "batch", struct lxc_top_options, batch, "print comma-separated values"),
    OPT_STRING('s', "sort", "KEY", struct lxc_top_options, sort,
               "n: name, c: CPU, b: block I/O, m: memory, s: memory and swap, k: kernel memory"),
    OPT_FLAG('r', "reverse", struct lxc_top_options, reverse, "reverse the order"),
    OPT_STRING('P', "lxcpath", "DIR", struct lxc_top_options, container.lxcpath,
               "the directory of the containers"),
    OPT_STRING('o', "logfile", "FILE", struct lxc_top_options, container.logfile, "write the log to FILE"),
    OPT_STRING('l', "logpriority", "LEVEL", struct lxc_top_options, container.loglevel,
               "log messages of LEVEL and above (ERROR)"),
    OPT_FLAG('q', "quiet", struct lxc_top_options, container.quiet, "print only errors on standard error"),
    OPT_END,
};

/* Usage of one container, or the total. Values that the host does not count are 0. */
struct usage {
    char *name;
    int64_t cpu_ns, cpu_user_us, cpu_system_us;
    int64_t io_bytes, io_read_bytes, io_written_bytes, io_operations;
    int64_t memory_bytes, swap_bytes, kernel_bytes;
};

struct usages {
    struct usage *items;
    size_t count;
    struct usage total;
};

static void usages_free(struct usages *u)
{
    for (size_t i = 0; i < u->count; i++)
        free(u->items[i].name);
    free(u->items);
}

static int64_t count_or_zero(int64_t value)
{
    return value < 0 ? 0 : value;
}

static void usage_read(const struct fd_list *fds, struct usage *u)
{
    struct cgroup_statistics s;
    struct cgroup_details d;

    cgroup_read_statistics(fds->fds, fds->count, &s);
    cgroup_read_details(fds->fds, fds->count, &d);
    u->cpu_ns = count_or_zero(s.cpu_ns);
    u->cpu_user_us = count_or_zero(d.cpu_user_us);
    u->cpu_system_us = count_or_zero(d.cpu_system_us);
    u->io_bytes = count_or_zero(s.block_io_bytes);
    u->io_read_bytes = count_or_zero(d.block_read_bytes);
    u->io_written_bytes = count_or_zero(d.block_written_bytes);
    u->io_operations = count_or_zero(d.block_operations);
    u->memory_bytes = count_or_zero(s.memory_bytes);
    u->swap_bytes = count_or_zero(d.memory_swap_bytes);
    u->kernel_bytes = count_or_zero(s.kernel_memory_bytes);
}

static void usage_add(struct usage *sum, const struct usage *u)
{
    sum->cpu_ns += u->cpu_ns;
    sum->cpu_user_us += u->cpu_user_us;
    sum->cpu_system_us += u->cpu_system_us;
    sum->io_bytes += u->io_bytes;
    sum->io_read_bytes += u->io_read_bytes;
    sum->io_written_bytes += u->io_written_bytes;
    sum->memory_bytes += u->memory_bytes;
    sum->swap_bytes += u->swap_bytes;
    sum->kernel_bytes += u->kernel_bytes;
}

static int usages_read(const char *lxcpath, struct usages *out, struct error *err)
{
    cleanup_container_list struct container_list list = {0};
    int r = container_list_read(lxcpath, true, &list, err);

    if (r < 0)
        return r;
    out->items = calloc(list.count ? list.count : 1, sizeof(*out->items));
    if (!out->items)
        return error_set(err, ENOMEM, "cannot read the resource usage of containers");
    for (size_t i = 0; i < list.count; i++) {
        const struct container c = {.name = list.items[i].name, .lxcpath = lxcpath};
        cleanup_fd_list struct fd_list fds = {.count = 0};
        struct usage *u = &out->items[out->count];

        /* It has stopped meanwhile, or belongs to another user. */
        if (command_cgroup_fds(&c, &fds, NULL) < 0)
            continue;
        u->name = take_ptr(list.items[i].name);
        out->count++;
        usage_read(&fds, u);
        usage_add(&out->total, u);
    }
    return 0;
}

/* ---- Sorting ---- */

struct order {
    char key;
    bool reverse;
};

static int64_t usage_value(const struct usage *u, char key)
{
    return key == 'c'   ? u->cpu_ns
           : key == 'b' ? u->io_bytes
           : key == 'm' ? u->memory_bytes
           : key == 's' ? u->swap_bytes
                        : u->kernel_bytes;
}

/* Names ascend and values descend, unless reversed. */
static int usage_compare(const void *a, const void *b, void *argument)
{
    const struct usage *one = a, *two = b;
    const struct order *o = argument;
    int64_t first = usage_value(one, o->key), second = usage_value(two, o->key);
    int r = o->key == 'n' ? strcmp(one->name, two->name) : first == second ? 0 : first < second ? 1 : -1;

    return o->reverse ? -r : r;
}

/* Handle a key: a sort key, or the same again or 'r' to reverse the order. */
static void order_press(struct order *o, char key)
{
    if (!key)
        return;
    if (key == 'r' || key == o->key) {
        o->reverse = !o->reverse;
    } else if (strchr("ncbmsk", key)) {
        o->key = key;
        o->reverse = false;
    }
}

/* ---- Printing ---- */

#define CLEAR  "\033[H\033[J"
#define TITLE  "\033[7m\033[1m"
#define NORMAL "\033[0m"

/* The format of LXC: two digits after the point, and blanks instead of a unit for bytes. */
static const char *human_size(int64_t bytes, char *out, size_t size)
{
    static const char *const units[] = {"  ", "Ki", "Mi", "Gi"};
    /* LXC rounds up by half of the last digit, but not GiB. */
    static const int half[] = {0, 5, 5243, 0};
    int unit = bytes > 1 << 30 ? 3 : bytes > 1 << 20 ? 2 : bytes > 1 << 10 ? 1 : 0;
    int64_t rounded = bytes + half[unit], rest = (rounded & (((int64_t)1 << (unit * 10)) - 1)) * 100;

    snprintf(out, size, "%*lld.%02lld %s%s", unit ? 0 : 3, (long long)(rounded >> (unit * 10)),
             (long long)(rest >> (unit * 10)), units[unit], unit ? "B" : "");
    return out;
}

/* Hundredths of seconds. */
static void top_print_time(int64_t hundredths)
{
    printf(" %9lld.%02lld", (long long)hundredths / 100, (long long)hundredths % 100);
}

static void top_print_size(int64_t bytes)
{
    char text[40];

    printf(" %10s", human_size(bytes, text, sizeof(text)));
}

static void top_print_row(const struct usage *u, const struct usage *total)
{
    char sizes[3][40], io[124];

    snprintf(io, sizeof(io), "%s(%s/%s)", human_size(u->io_bytes, sizes[0], sizeof(sizes[0])),
             human_size(u->io_read_bytes, sizes[1], sizeof(sizes[1])),
             human_size(u->io_written_bytes, sizes[2], sizeof(sizes[2])));
    printf("%-18.18s", u->name);
    top_print_time((u->cpu_ns + 5000000) / 10000000);
    top_print_time((u->cpu_system_us + 5000) / 10000);
    top_print_time((u->cpu_user_us + 5000) / 10000);
    printf(" %36s", io);
    top_print_size(u->memory_bytes);
    if (total->swap_bytes)
        top_print_size(u->swap_bytes);
    if (total->kernel_bytes)
        top_print_size(u->kernel_bytes);
}

static void top_print_title(const struct usage *total)
{
    const char *swap = total->swap_bytes ? "MemSw" : NULL, *kernel = total->kernel_bytes ? "KMem" : NULL;

    for (int line = 0; line < 2; line++) {
        printf(line ? "%-18s %12s %12s %12s %36s %10s" : TITLE "%-18s %12s %12s %12s %36s %10s",
               line ? "Name" : "Container", line ? "Used" : "CPU", line ? "Sys" : "CPU",
               line ? "User" : "CPU", line ? "Total(Read/Write)" : "BlkIO", line ? "Used" : "Mem");
        if (swap)
            printf(" %10s", line ? "Used" : swap);
        if (kernel)
            printf(" %10s", line ? "Used" : kernel);
        printf("\n%s", line ? NORMAL : "");
    }
}

static void top_print_screen(struct usages *u, int rows)
{
    /* The title takes two lines, the total one. */
    size_t shown = rows > 3 ? (size_t)rows - 3 : 0;
    char name[sizeof("TOTAL  of ") + 40];

    shown = u->count < shown ? u->count : shown;
    printf(CLEAR);
    top_print_title(&u->total);
    for (size_t i = 0; i < shown; i++) {
        top_print_row(&u->items[i], &u->total);
        printf("\n");
    }
    snprintf(name, sizeof(name), "TOTAL %zu of %zu", shown, u->count);
    u->total.name = name;
    top_print_row(&u->total, &u->total);
}

static void top_print_values(const struct usages *u)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    for (size_t i = 0; i < u->count; i++) {
        const struct usage *v = &u->items[i];
        const int64_t values[] = {v->cpu_ns,     v->cpu_system_us / 10000, v->cpu_user_us / 10000,
                                  v->io_bytes,   v->io_operations,         v->memory_bytes,
                                  v->swap_bytes, v->kernel_bytes};

        printf("%lld,%s", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000, v->name);
        for (size_t j = 0; j < ARRAY_LENGTH(values); j++)
            printf(",%lld", (long long)values[j]);
        printf("\n");
    }
}

/* ---- The terminal ---- */

struct terminal_mode {
    bool changed;
    struct termios before;
};

static void terminal_restore(struct terminal_mode *t)
{
    if (t->changed) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &t->before);
        printf("\n");
    }
}

/* Read keys without waiting for a newline, and without echo. */
static int terminal_change(struct terminal_mode *t, struct error *err)
{
    struct termios now;

    if (tcgetattr(STDIN_FILENO, &t->before) < 0) {
        error_text(err, ENOTTY, "standard input is not a terminal, so no keys can be read");
        return error_remedy(err, "use lxc-top -b");
    }
    now = t->before;
    now.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &now) < 0)
        return error_set(err, errno, "cannot set the terminal");
    t->changed = true;
    return 0;
}

static int terminal_rows(void)
{
    struct winsize size;

    return ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row ? size.ws_row : 25;
}

/* Wait until the next update. Returns a key, 0 for none, or 'q' to quit. */
static char top_wait_for_key(int signals, bool keys, int timeout_ms)
{
    struct pollfd p[] = {{signals, POLLIN, 0}, {keys ? STDIN_FILENO : -1, POLLIN, 0}};
    char key;

    if (poll(p, 2, timeout_ms) <= 0)
        return 0;
    return p[0].revents || read(STDIN_FILENO, &key, 1) != 1 ? 'q' : key;
}

static const int end_signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, 0};

static int lxc_top_run(struct invocation *in, struct error *err)
{
    const struct lxc_top_options *o = in->options;
    __attribute__((cleanup(terminal_restore))) struct terminal_mode terminal = {.changed = false};
    struct order order = {o->sort ? o->sort[0] : 'n', o->reverse};
    cleanup_fd int signals = -1;
    int64_t delay = o->batch ? 300 : 3;
    const char *lxcpath;
    int r;

    if (o->delay && parse_int64(o->delay, 10, 0, INT_MAX / 1000, &delay) < 0)
        return error_text(err, EINVAL, "-d takes a number of seconds, not \"%s\"", o->delay);
    if (!order.key || !strchr("ncbmsk", order.key))
        return error_text(err, EINVAL, "-s takes n, c, b, m, s or k, not \"%s\"", o->sort);
    r = container_select_path(&o->container, in, &lxcpath, err);
    if (r == 0 && !o->batch)
        r = terminal_change(&terminal, err);
    if (r < 0)
        return r;
    signals = signal_receive(end_signals, 0, NULL);
    if (signals < 0)
        return error_set(err, signals, "cannot wait for signals");
    if (o->batch)
        printf("time_ms,container,cpu_nanos,cpu_sys_userhz,cpu_user_userhz,blkio_bytes,blkio_iops,mem_used_"
               "bytes,"
               "memsw_used_bytes,kernel_mem_used_bytes\n");
    for (char key = 0; key != 'q'; order_press(&order, key)) {
        __attribute__((cleanup(usages_free))) struct usages usages = {0};

        r = usages_read(lxcpath, &usages, err);
        if (r < 0)
            return r;
        qsort_r(usages.items, usages.count, sizeof(*usages.items), usage_compare, &order);
        if (o->batch)
            top_print_values(&usages);
        else
            top_print_screen(&usages, terminal_rows());
        if (fflush(stdout) < 0)
            return error_set(err, errno, "cannot print");
        key = top_wait_for_key(signals, !o->batch, (int)delay * 1000);
    }
    return 0;
}

APPLET(lxc_top, .name = "lxc-top", .summary = "Show the resource usage of the running containers",
       .usage = "[OPTION]...", .options = lxc_top_table, .options_size = sizeof(struct lxc_top_options),
       .run = lxc_top_run);
