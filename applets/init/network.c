/* Bring up the network of init, by ip= or DHCP, with the applets ip and dhcpc; set the clock. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "applets/init/init.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "net/dhcp/sntp.h"

#define DEFAULT_TIME_SERVER "pool.ntp.org"
#define DEVICE_TRIES        50 /* of 100 ms: cards on USB take a while to appear */

#define RUN(i, err, ...) init_run(i, (const char *const[]){__VA_ARGS__, NULL}, err)

/* List hardware interfaces: virtual ones have no device in sysfs. */
static int devices_find(struct string_list *out)
{
    cleanup_dir DIR *dir = opendir("/sys/class/net");
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        cleanup_free char *device = format_string("/sys/class/net/%s/device", entry->d_name);

        if (!device || (access(device, F_OK) == 0 && string_list_add(out, entry->d_name) < 0))
            return -ENOMEM;
    }
    return 0;
}

/* Wait for the named interface, or for any. */
static int devices_wait(const char *named, struct string_list *out, struct error *err)
{
    const struct timespec pause = {0, 100000000};

    for (int i = 0; i < DEVICE_TRIES; i++) {
        string_list_clear(out);
        if (devices_find(out) < 0)
            return error_set(err, ENOMEM, "cannot look for network interfaces");
        if (named[0] ? string_list_has(out, named) : out->count > 0)
            break;
        nanosleep(&pause, NULL);
    }
    if (!out->count || (named[0] && !string_list_has(out, named))) {
        error_text(err, ENODEV, "there is no network interface%s%s", named[0] ? " " : "", named);
        return error_remedy(err, "add the module of the card with mkinitramfs -m, or set ip=off");
    }
    if (named[0]) {
        string_list_clear(out);
        return string_list_add(out, named) < 0 ? error_set(err, ENOMEM, "cannot look for interfaces") : 0;
    }
    return 0;
}

/* Start a client for each interface in parallel. A client that gets a lease continues in the background. The
 * first lease is sufficient. */
static int network_set_dhcp(struct init *i, const struct string_list *devices, struct error *err)
{
    cleanup_free struct init_child *clients = calloc(devices->count, sizeof(*clients));
    int r;

    if (!clients)
        return error_set(err, ENOMEM, "cannot request an address");
    for (size_t d = 0; d < devices->count; d++) {
        clients[d].status = 1;
        clients[d].pid =
            init_start(i, (const char *const[]){"dhcpc", "-n", "-t", "5", devices->items[d], NULL}, err);
    }
    r = init_wait_children(i, clients, devices->count, true);
    for (size_t d = 0; r == 0 && d < devices->count; d++)
        if (clients[d].pid == 0 && clients[d].status == 0)
            return 0;
    return error_text(err, r < 0 ? -r : ETIMEDOUT, "no interface got an address by DHCP");
}

static int network_set_static(struct init *i, const struct boot_ip *ip, const char *device, struct error *err)
{
    cleanup_strbuf struct strbuf servers = STRBUF_INIT;
    struct in_addr mask = {0};
    char address[80];
    int r = 0;

    if (ip->netmask[0] && inet_pton(AF_INET, ip->netmask, &mask) != 1)
        return error_text(err, EINVAL, "ip=: %s is not a netmask", ip->netmask);
    snprintf(address, sizeof(address), "%s/%d", ip->address,
             ip->netmask[0] ? __builtin_popcount(mask.s_addr) : 24);
    r = RUN(i, err, "ip", "addr", "add", address, "dev", device);
    if (r == 0)
        r = RUN(i, err, "ip", "link", "set", device, "up");
    if (r == 0 && ip->gateway[0])
        r = RUN(i, err, "ip", "route", "add", "default", "via", ip->gateway, "dev", device);
    for (int s = 0; r == 0 && s < 2; s++)
        if (ip->servers[s][0] && strbuf_printf(&servers, "nameserver %s\n", ip->servers[s]) < 0)
            r = error_set(err, ENOMEM, "cannot set the name servers");
    if (r == 0 && servers.length) {
        r = file_replace(AT_FDCWD, "/etc/resolv.conf", servers.text, servers.length, 0644);
        if (r < 0)
            error_set(err, r, "cannot write /etc/resolv.conf");
    }
    return r;
}

/* Certificates cannot be verified if the clock is in the past. */
static void clock_set(const struct init *i)
{
    const char *server = i->settings.time ? i->settings.time : DEFAULT_TIME_SERVER;
    struct error err = ERROR_INIT;

    if (time(NULL) >= CLOCK_LEAST || strcmp(server, "none") == 0)
        return;
    if (sntp_set_clock(server, &err) < 0)
        init_print_error(&err);
}

int init_network(struct init *i, struct error *err)
{
    cleanup_string_list struct string_list devices = {0};
    struct boot_ip ip;
    int r = boot_ip_parse(i->settings.ip, &ip, err);

    if (r == 0)
        r = RUN(i, err, "ip", "link", "set", "lo", "up");
    if (ip.host_name[0])
        (void)sethostname(ip.host_name, strlen(ip.host_name));
    if (r < 0 || ip.off)
        return r;
    r = devices_wait(ip.device, &devices, err);
    if (r == 0)
        r = ip.dhcp ? network_set_dhcp(i, &devices, err) : network_set_static(i, &ip, devices.items[0], err);
    if (r == 0)
        clock_set(i);
    return r;
}
