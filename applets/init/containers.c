/* Containers of init: create and run the one of lxc.image, start those marked for autostart, shut down all.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/init/init.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/config/config.h"
#include "core/config/load.h"
#include "core/run/stop.h"
#include "core/storage/list.h"

#define DEFAULT_CONFIG "/etc/lxc/default.conf"
#define OUR_CONFIG     "/run/lxcbox.conf"
#define STOP_MS        30000

/* Write the configuration for a new container, where the initramfs contains no default.conf. */
static int config_write_default(const char *network, struct error *err)
{
    const char *text = "lxc.net.0.type = veth\nlxc.net.0.link = lxcbr0\nlxc.net.0.flags = up\n"
                       "lxc.net.0.name = eth0\n";
    int r;

    if (strcmp(network, "host") == 0)
        text = "lxc.net.0.type = none\n";
    if (strcmp(network, "none") == 0)
        text = "lxc.net.0.type = empty\n";
    r = file_replace(AT_FDCWD, OUR_CONFIG, text, strlen(text), 0644);
    return r < 0 ? error_set(err, r, "cannot write %s", OUR_CONFIG) : 0;
}

static int container_fetch(struct init *i, const struct container *c, const struct string_list *image,
                           const char *network, struct error *err)
{
    const char *words[24] = {"lxc-create", "-n", c->name, "-t", "download"};
    bool own = access(DEFAULT_CONFIG, F_OK) < 0;
    int r = own ? config_write_default(network, err) : 0;
    size_t n = 5;
    uint64_t kills;

    if (own) {
        words[n++] = "-f";
        words[n++] = OUR_CONFIG;
    }
    words[n++] = "--";
    words[n++] = "-d";
    words[n++] = image->items[0];
    words[n++] = "-r";
    words[n++] = image->items[1];
    if (image->count > 2) {
        words[n++] = "--variant";
        words[n++] = image->items[2];
    }
    if (image->count > 3) {
        words[n++] = "-a";
        words[n++] = image->items[3];
    }
    if (i->settings.server) {
        words[n++] = "--server";
        words[n++] = i->settings.server;
    }
    words[n] = NULL;
    kills = init_memory_kills();
    if (r == 0)
        r = init_run(i, words, err);
    if (r < 0 && r != -ECANCELED)
        init_report_memory(kills);
    return r;
}

/* With lxc.run the container's init does not run, and no DHCP client does: lxc-start has to request the
 * address. Returns the index of the first veth without an address, or -1. */
static int config_find_net_without_address(const struct container *c)
{
    const struct config_source source = {.missing_ok = true};
    cleanup_config struct config config;
    int found = -1;

    config_init(&config);
    if (config_load(c, &source, &config, NULL) < 0)
        return -1; /* lxc-start reports the reason */
    for (size_t n = 0; n < config.net_count && found < 0; n++)
        if (config.nets[n].type == NET_VETH && !config.nets[n].address_count && !config.nets[n].ipv4_dhcp)
            found = (int)config.nets[n].index;
    return found;
}

/* Run the container's init, or the command of lxc.run, on the console of this machine. */
static int container_run(struct init *i, const struct container *c, struct error *err)
{
    cleanup_free char *command = i->settings.run ? strdup(i->settings.run) : NULL;
    int net = i->settings.run ? config_find_net_without_address(c) : -1, status;
    const char *words[40] = {"lxc-start", "-F", c->name};
    char dhcp[48];
    uint64_t kills = init_memory_kills();
    size_t n = 3;
    pid_t pid;

    if (i->settings.run && !command)
        return error_set(err, ENOMEM, "cannot start %s", c->name);
    if (net >= 0) {
        snprintf(dhcp, sizeof(dhcp), "lxc.net.%d.ipv4.address=dhcp", net);
        words[n++] = "-s";
        words[n++] = dhcp;
    }
    if (command)
        words[n++] = "--";
    for (char *rest = command, *word; (word = strsep(&rest, " ")) && n + 1 < ARRAY_LENGTH(words);)
        if (*word)
            words[n++] = word;
    words[n] = NULL;
    pid = init_start(i, words, err);
    status = pid < 0 ? pid : init_wait(i, pid);
    if (status < 0)
        return status;
    init_print("container %s ended with status %d", c->name, status);
    if (status)
        init_report_memory(kills);
    return status ? error_text(err, ECHILD, "container %s failed", c->name) : 0;
}

static int image_run(struct init *i, const char *network, struct error *err)
{
    cleanup_string_list struct string_list image = {0};
    int r = i->settings.image ? boot_image_parse(i->settings.image, &image, err) : 0;
    struct container c = {.name = i->settings.name ? i->settings.name
                                  : image.count    ? image.items[0]
                                                   : "",
                          .lxcpath = INIT_LXCPATH};

    if (r == 0)
        r = container_check_name(c.name, err);
    if (r == 0 && !container_is_defined(&c) && !i->settings.image)
        return container_absent(&c, "lxc.image= names an image to make it from", err);
    if (r == 0 && !container_is_defined(&c))
        r = container_fetch(i, &c, &image, network, err);
    return r < 0 ? r : container_run(i, &c, err);
}

int init_containers(struct init *i, struct error *err)
{
    const char *network = i->settings.network ? i->settings.network : "nat";
    cleanup_container_list struct container_list running = {0};
    int r = 0;

    if (i->settings.ca && setenv("SSL_CERT_FILE", i->settings.ca, 1) < 0)
        return error_set(err, errno, "cannot set the certificate authority");
    r = make_directories(INIT_LXCPATH, 0755);
    if (r < 0)
        return error_set(err, r, "cannot make " INIT_LXCPATH);
    if (strcmp(network, "nat") == 0 && !i->has_bridge)
        r = init_run(i, (const char *const[]){"lxc-net", "start", NULL}, err);
    i->has_bridge = r == 0;
    if (r == 0)
        r = init_run(i, (const char *const[]){"lxc-autostart", "-g", "onboot,", NULL}, err);
    if (r == 0 && (i->settings.image || i->settings.name))
        return image_run(i, network, err);
    if (r == 0)
        r = container_list_read(INIT_LXCPATH, true, &running, err);
    if (r < 0)
        return r;
    if (!running.count) {
        error_text(err, ENOENT, "there is no container to run");
        return error_remedy(err, "lxc.image= names an image, lxc.data= the disk with containers that have "
                                 "lxc.start.auto = 1");
    }
    for (size_t n = 0; n < running.count; n++)
        init_print("%s runs", running.items[n].name);
    (void)init_wait(i, 0);
    return 0;
}

__attribute__((noreturn)) static void container_stop(const struct container *c)
{
    struct error err = ERROR_INIT;
    int r = container_shutdown(c, STOP_MS, NULL, &err);

    if (r < 0 && r != -ENOTCONN) {
        init_print("%s did not shut down: killing it", c->name);
        r = container_kill(c, &err);
    }
    _exit(r < 0);
}

void init_stop_containers(struct init *i)
{
    cleanup_container_list struct container_list running = {0};
    struct error err = ERROR_INIT;
    unsigned end = i->end;

    if (container_list_read(INIT_LXCPATH, true, &running, &err) < 0) {
        init_print_error(&err);
        return;
    }
    cleanup_free struct init_child *stops = calloc(running.count + 1, sizeof(*stops));
    if (!stops || !running.count)
        return;
    for (size_t n = 0; n < running.count; n++) {
        const struct container c = {.name = running.items[n].name, .lxcpath = INIT_LXCPATH};

        stops[n].pid = fork();
        if (stops[n].pid == 0)
            container_stop(&c);
    }
    /* i->end ends each wait: clear it until the containers have stopped. */
    i->end = 0;
    (void)init_wait_children(i, stops, running.count, false);
    i->end = end;
}
