/* Update rules and listeners to the files and the containers, applying only the changes. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/process.h"
#include "core/links/forward_keeper_internal.h"
#include "net/firewall/conntrack.h"

#define ANSWER_MS 200 /* to wait for a monitor; an idle one answers within 1 ms */

/* --- Targets --- */

static struct forward_target *target_find(struct forward_keeper *k, const char *container)
{
    for (size_t i = 0; i < k->target_count; i++)
        if (strcmp(k->targets[i].container, container) == 0)
            return &k->targets[i];
    return NULL;
}

static struct forward_target *target_add(struct forward_keeper *k, const char *container)
{
    struct forward_target *more = reallocarray(k->targets, k->target_count + 1, sizeof(*more)), *t;

    if (!more)
        return NULL;
    k->targets = more;
    t = &more[k->target_count];
    *t = (struct forward_target){.container = strdup(container), .pidfd = -1, .events = NETLINK_CLOSED};
    if (!t->container)
        return NULL;
    k->target_count++;
    return t;
}

static void target_close(struct forward_keeper *k, struct forward_target *t)
{
    loop_remove(&k->loop, t->pidfd);
    loop_remove(&k->loop, t->events.fd);
    forward_target_close(t);
}

/* The init of the container has ended, or its addresses have changed. */
static void target_on_event(int fd, void *data)
{
    cleanup_strbuf struct strbuf events = STRBUF_INIT;
    struct forward_keeper *k = data;

    for (size_t i = 0; i < k->target_count; i++) {
        struct forward_target *t = &k->targets[i];

        /* Close at once: open fds keep its network namespace alive, and lxc-stop waits for that to end. */
        if (t->pidfd == fd) {
            target_close(k, t);
            k->looked_ms = 0;
        } else if (t->events.fd == fd) {
            (void)netlink_events(&t->events, false, &events);
        }
    }
    forward_keeper_changed(k);
}

static void target_open(struct forward_keeper *k, struct forward_target *t, pid_t pid)
{
    struct error err = ERROR_INIT;
    int r = forward_target_open(t, pid, &err);

    if (r == 0)
        r = loop_add(&k->loop, t->events.fd, target_on_event, k);
    if (r == 0 && t->pidfd >= 0)
        r = loop_add(&k->loop, t->pidfd, target_on_event, k);
    if (r < 0) {
        log_warn("forward", "%s cannot be followed: %s", t->container, err.code ? err.text : strerror(-r));
        target_close(k, t);
    }
}

/*
 * Query the init of a container in a separate process: the monitor of a container that is being started may
 * not answer until its hooks have ended, and other containers must not wait for that. 0: it is not running,
 * or it has not answered in time and will be queried again soon.
 */
struct target_question {
    const struct forward_keeper *keeper;
    const struct forward_target *target;
    int answer; /* a pipe */
};

static int target_answer(void *data, struct error *err)
{
    const struct target_question *q = data;
    const struct container c = {.name = q->target->container, .lxcpath = q->keeper->lxcpath};
    int pid = q->keeper->init_pid(&c, err);

    return pid < 0 ? pid : write_all(q->answer, &pid, sizeof(pid));
}

static pid_t target_ask(struct forward_keeper *k, const struct forward_target *t)
{
    cleanup_fd int reading = -1, writing = -1;
    struct target_question question = {k, t, -1};
    int ends[2], pid = 0;
    struct process child;
    struct pollfd p;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return 0;
    reading = ends[0];
    question.answer = writing = ends[1];
    if (process_start(&child, target_answer, &question, true, NULL) < 0) {
        k->ask_again = true;
        return 0;
    }
    close_fd(&writing);
    p = (struct pollfd){reading, POLLIN, 0};
    if (poll(&p, 1, ANSWER_MS) <= 0)
        k->ask_again = true;
    else if (read_all(reading, &pid, sizeof(pid)) != sizeof(pid))
        pid = 0;
    kill(child.pid, SIGKILL);
    (void)process_finish(&child, NULL);
    return pid > 0 ? pid : 0;
}

/* Update the pid and the addresses of a container. */
static void target_follow(struct forward_keeper *k, struct forward_target *t)
{
    pid_t pid;

    if (t->pid && forward_target_ended(t))
        target_close(k, t);
    if (!t->pid || t->pidfd < 0) {
        pid = target_ask(k, t);
        if (t->pid && pid != t->pid)
            target_close(k, t);
        if (pid && !t->pid)
            target_open(k, t, pid);
    }
    if (t->pid && forward_target_read(t, NULL) < 0)
        target_close(k, t);
}

static int targets_follow(struct forward_keeper *k, const struct forward_list *wanted)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (!target_find(k, wanted->entries[i].container) && !target_add(k, wanted->entries[i].container))
            return -ENOMEM;
    for (size_t i = 0; i < k->target_count;) {
        struct forward_target *t = &k->targets[i];
        bool needed = false;

        for (size_t j = 0; j < wanted->count && !needed; j++)
            needed = strcmp(wanted->entries[j].container, t->container) == 0;
        if (needed) {
            target_follow(k, t);
            i++;
            continue;
        }
        target_close(k, t);
        free(t->container);
        *t = k->targets[--k->target_count];
    }
    return 0;
}

/* --- One forward --- */

static bool forward_is_loopback(const struct ip *a)
{
    static const struct ip loopback6 = {.family = AF_INET6, .bytes = {[15] = 1}};

    return a->family == AF_INET ? a->bytes[0] == 127 : ip_equal(a, &loopback6);
}

/* The wanted target in the tables of a family; family 0: none. */
static struct ip forward_wanted_rule(const struct kept_forward *f, int six)
{
    const struct ip *address = &f->entry.forward.address;
    bool all = !address->family, own = (address->family == AF_INET6) == six && !forward_is_loopback(address);

    return all || own ? f->targets[six] : (struct ip){0};
}

/* The address of the relay's listener `six`; family 0: no listener. Packets to an address that the tables
 * translate do not reach the listener; it only reserves the port. */
static struct ip forward_listener_address(const struct forward *f, int six)
{
    static const struct ip loopbacks[2] = {{AF_INET, {127, 0, 0, 1}}, {AF_INET6, {[15] = 1}}};

    if (!f->address.family)
        return loopbacks[six];
    return (f->address.family == AF_INET6) == six ? f->address : (struct ip){0};
}

/* Delete the connection tracking entries of UDP clients, so that their datagrams are translated to the new
 * target. */
static void forward_forget_clients(struct forward_keeper *k, const struct forward *f, int six)
{
    int r = f->protocol == IPPROTO_UDP ? conntrack_forget(&k->tables.netlink, six ? AF_INET6 : AF_INET,
                                                          f->protocol, &f->address, f->port)
                                       : 0;

    if (r < 0)
        log_info("forward", "UDP clients keep their old target for a while: %s", strerror(-r));
}

/* Update the tables to the wanted target. */
static int forward_rule_set(struct forward_keeper *k, struct kept_forward *f, int six,
                            const struct ip *wanted, struct error *err)
{
    const struct forward *forward = &f->entry.forward;
    int r = 0;

    if (ip_equal(&f->rules[six], wanted))
        return 0;
    if (f->rules[six].family)
        r = forward_tables_set(&k->tables, false, forward, &f->rules[six], err);
    if (r == 0)
        f->rules[six] = (struct ip){0};
    if (r == 0 && wanted->family) {
        r = k->table_errors[six][0] ? error_text(err, ENOTSUP, "%s", k->table_errors[six])
                                    : forward_tables_set(&k->tables, true, forward, wanted, err);
        if (r == 0)
            f->rules[six] = *wanted;
    }
    forward_forget_clients(k, forward, six);
    return r;
}

static int forward_listener_serve(struct forward_keeper *k, struct kept_forward *f, int six,
                                  struct error *err)
{
    const struct forward *forward = &f->entry.forward;
    const struct ip *target = &f->targets[f->targets[six].family ? six : !six];
    int r = forward_relay_add(&k->relay, f->id + (uint32_t)six, forward->protocol == IPPROTO_TCP,
                              f->listeners[six], target, forward->target_port, err);

    if (r == 0)
        f->served[six] = *target;
    return r;
}

static int forward_listener_up(struct forward_keeper *k, struct kept_forward *f, int six, struct error *err)
{
    const struct forward *forward = &f->entry.forward;
    const struct ip address = forward_listener_address(forward, six);
    const struct ip *target = &f->targets[f->targets[six].family ? six : !six];
    int r;

    if (!address.family || (f->listeners[six] >= 0 && ip_equal(&f->served[six], target)))
        return 0;
    if (f->listeners[six] < 0) {
        if (k->listener_count == RELAY_LISTENERS)
            return error_text(err, E2BIG,
                              "there are more than %d forwards (a forward of all addresses counts twice)",
                              RELAY_LISTENERS);
        r = forward_listen(forward->protocol == IPPROTO_TCP, &address, forward->port, err);
        /* The host has no IPv6. */
        if ((r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL) && !forward->address.family && six) {
            error_clear(err);
            return 0;
        }
        if (r < 0)
            return r;
        f->listeners[six] = r;
        k->listener_count++;
    }
    return forward_listener_serve(k, f, six, err);
}

static void kept_forward_down(struct forward_keeper *k, struct kept_forward *f)
{
    const struct ip none = {0};
    struct error err = ERROR_INIT;

    for (int six = 0; six < 2; six++) {
        if (forward_rule_set(k, f, six, &none, &err) < 0)
            log_warn("forward", "%s", err.text);
        if (f->listeners[six] >= 0 && k->relay.control >= 0)
            (void)forward_relay_remove(&k->relay, f->id + (uint32_t)six);
        k->listener_count -= f->listeners[six] >= 0;
        close_fd(&f->listeners[six]);
    }
}

/* Bring up a forward, or apply its changes. */
static int kept_forward_up(struct forward_keeper *k, struct kept_forward *f, struct error *err)
{
    bool fresh = f->listeners[0] < 0 && f->listeners[1] < 0;
    int r = fresh ? forward_check_port(&f->entry.forward, getpid(), err) : 0;

    if (fresh) {
        f->id = k->next_id;
        k->next_id += 2;
    }
    if (r == 0 && !k->relay.pid)
        r = forward_relay_start(&k->relay, err);
    for (int six = 0; six < 2 && r == 0; six++)
        r = forward_listener_up(k, f, six, err);
    for (int six = 0; six < 2 && r == 0; six++) {
        struct ip wanted = forward_wanted_rule(f, six);

        r = forward_rule_set(k, f, six, &wanted, err);
    }
    if (r < 0)
        kept_forward_down(k, f);
    return r;
}

/* --- All of them --- */

/* Set the networks to masquerade: those of all targets. */
static void forward_networks_set(struct forward_keeper *k)
{
    for (int six = 0; six < 2; six++) {
        cleanup_free struct ip_prefix *networks = calloc(k->target_count + 1, sizeof(*networks));
        struct error err = ERROR_INIT;
        size_t count = 0;

        for (size_t i = 0; networks && i < k->target_count; i++) {
            struct ip_prefix p = k->targets[i].addresses[six];
            size_t same = 0;

            if (!p.ip.family)
                continue;
            for (size_t bit = p.length; bit < ip_size(p.ip.family) * 8; bit++)
                p.ip.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
            while (same < count &&
                   !(ip_equal(&networks[same].ip, &p.ip) && networks[same].length == p.length))
                same++;
            networks[same] = p;
            count += same == count;
        }
        k->table_errors[six][0] = '\0';
        if (!networks || forward_tables_networks(&k->tables, six, networks, count, &err) < 0)
            error_format(&err, k->table_errors[six], sizeof(k->table_errors[six]));
    }
}

static bool forward_same_entry(const struct forward_entry *a, const struct forward_entry *b)
{
    return strcmp(a->container, b->container) == 0 && forward_same_host(&a->forward, &b->forward) &&
           a->forward.target_port == b->forward.target_port;
}

/* Plan a forward, and take over its rules and listeners from the last pass. */
static void kept_forward_plan(struct forward_keeper *k, struct kept_forward *f, struct forward_entry *e)
{
    const struct forward_target *t = target_find(k, e->container);

    *f = (struct kept_forward){.listeners = {-1, -1}, .entry = {take_ptr(e->container), e->forward}};
    for (int six = 0; six < 2 && t; six++)
        f->targets[six] = t->addresses[six].ip;
    for (size_t i = 0; i < k->forward_count && (f->targets[0].family || f->targets[1].family); i++) {
        struct kept_forward *old = &k->forwards[i];

        if (!forward_same_entry(&old->entry, &f->entry))
            continue;
        f->id = old->id;
        f->report.state = old->report.state;
        for (int six = 0; six < 2; six++) {
            f->rules[six] = old->rules[six];
            f->listeners[six] = old->listeners[six];
            f->served[six] = old->served[six];
            old->rules[six] = (struct ip){0};
            old->listeners[six] = -1;
        }
    }
}

static void kept_forward_report(struct kept_forward *f, enum forward_state state, const char *format,
                                const char *what)
{
    char text[2][IP_TEXT_SIZE];

    f->report.state = state;
    snprintf(f->report.target, sizeof(f->report.target), "%s%s%s", ip_format(&f->targets[0], text[0]),
             f->targets[0].family && f->targets[1].family ? " " : "", ip_format(&f->targets[1], text[1]));
    snprintf(f->report.reason, sizeof(f->report.reason), format, what);
}

/* Bring up forwards that are not active, or record the reason of the failure. */
static void kept_forward_settle(struct forward_keeper *k, struct kept_forward *f,
                                const struct kept_forward *all)
{
    const struct forward_target *t = target_find(k, f->entry.container);
    struct error err = ERROR_INIT;
    char sentence[256];

    for (const struct kept_forward *other = all; other < f; other++)
        if (forward_same_host(&other->entry.forward, &f->entry.forward)) {
            kept_forward_down(k, f);
            kept_forward_report(f, FORWARD_FAILED, "the port is forwarded to %s", other->entry.container);
            return;
        }
    if (!t || !t->pid) {
        kept_forward_report(f, FORWARD_WAITING, "%s is not running", f->entry.container);
    } else if (t->host_network) {
        kept_forward_report(f, FORWARD_FAILED, "%s uses the network of this host", f->entry.container);
    } else if (!f->targets[0].family && !f->targets[1].family) {
        kept_forward_report(f, FORWARD_WAITING, "%s has no address", f->entry.container);
    } else if (kept_forward_up(k, f, &err) < 0) {
        error_format(&err, sentence, sizeof(sentence));
        kept_forward_report(f, FORWARD_FAILED, "%s", sentence);
        log_warn("forward", "%s", sentence);
    } else {
        kept_forward_report(f, FORWARD_ACTIVE, "%s", "");
    }
}

static void forward_free_all(struct forward_keeper *k)
{
    for (size_t i = 0; i < k->forward_count; i++) {
        kept_forward_down(k, &k->forwards[i]);
        free(k->forwards[i].entry.container);
    }
    free(take_ptr(k->forwards));
    k->forward_count = 0;
}

/* A line for each: protocol, port, container, its port, state, target, reason, separated by tabs. */
static void forward_state_write(const struct forward_keeper *k)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    int r = 0;

    for (size_t i = 0; i < k->forward_count && r == 0; i++) {
        const struct kept_forward *f = &k->forwards[i];
        char host[FORWARD_HOST_SIZE];

        r = strbuf_printf(&text, "%s\t%s\t%s\t%u\t%d\t%s\t%s\n", forward_protocol(&f->entry.forward),
                          forward_format_host(&f->entry.forward, host), f->entry.container,
                          f->entry.forward.target_port, f->report.state, f->report.target, f->report.reason);
    }
    if (r == 0)
        r = file_replace(AT_FDCWD, FORWARD_STATE_FILE, strbuf_text(&text), text.length, 0644);
    if (r < 0)
        log_warn("forward", "cannot write " FORWARD_STATE_FILE ": %s", strerror(-r));
}

bool forward_sync(struct forward_keeper *k)
{
    cleanup_forward_list struct forward_list wanted = {0};
    cleanup_string_list struct string_list problems = {0};
    struct error err = ERROR_INIT;
    struct kept_forward *next;
    size_t count;
    bool failed = false;

    k->ask_again = false;
    if (forward_list_read(k->lxcpath, &wanted, &problems, &err) < 0) {
        log_warn("forward", "%s", err.text);
        return true;
    }
    for (size_t i = 0; i < problems.count; i++)
        log_warn("forward", "%s", problems.items[i]);
    count = wanted.count;
    next = calloc(count + 1, sizeof(*next));
    if (!next || targets_follow(k, &wanted) < 0) {
        free(next);
        return true;
    }
    for (size_t i = 0; i < count; i++)
        kept_forward_plan(k, &next[i], &wanted.entries[i]);
    forward_free_all(k); /* those not taken over */
    k->forwards = next;
    k->forward_count = count;
    forward_networks_set(k);
    for (size_t i = 0; i < k->target_count; i++)
        forward_target_hairpin(&k->targets[i]);
    for (size_t i = 0; i < count; i++) {
        kept_forward_settle(k, &next[i], next);
        failed |= next[i].report.state == FORWARD_FAILED;
    }
    forward_state_write(k);
    return failed;
}

void forward_sync_relay(struct forward_keeper *k)
{
    struct error err = ERROR_INIT;

    forward_relay_stop(&k->relay);
    if (forward_relay_start(&k->relay, &err) < 0) {
        log_error("forward", "%s", err.text);
        return;
    }
    for (size_t i = 0; i < k->forward_count; i++)
        for (int six = 0; six < 2; six++)
            if (k->forwards[i].listeners[six] >= 0 &&
                forward_listener_serve(k, &k->forwards[i], six, &err) < 0)
                log_error("forward", "%s", err.text);
}

void forward_sync_end(struct forward_keeper *k)
{
    forward_free_all(k);
    for (size_t i = 0; i < k->target_count; i++) {
        target_close(k, &k->targets[i]);
        free(k->targets[i].container);
    }
    free(take_ptr(k->targets));
    k->target_count = 0;
    forward_relay_stop(&k->relay);
    forward_tables_close(&k->tables);
    unlink(FORWARD_STATE_FILE);
}
