/*
 * Settings of init: words on the kernel command line and in /etc/lxcbox.conf. See init.1. The syntax,
 * including quotes, is that of the kernel (admin-guide/kernel-parameters.rst; admin-guide/nfs/nfsroot.rst for
 * ip=).
 */
#ifndef LXCBOX_CORE_BOOT_SETTINGS_H
#define LXCBOX_CORE_BOOT_SETTINGS_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/str.h"

/* Strings are owned; NULL: not set. */
struct boot_settings {
    char *image;   /* lxc.image: "debian/bookworm[/VARIANT[/ARCH]]" */
    char *server;  /* lxc.server */
    char *ca;      /* lxc.ca: a file */
    char *name;    /* lxc.name */
    char *run;     /* lxc.run: a command instead of the container's init */
    char *data;    /* lxc.data: "LABEL=x", "UUID=x", "/dev/x", "tmpfs" */
    char *cgroup;  /* lxc.cgroup: "v1", "v2" */
    char *network; /* lxc.net: "nat", "host", "none" */
    char *time;    /* lxc.ntp: a host, "none" */
    char *end;     /* lxc.end: "poweroff", "reboot", "halt" */
    char *modules; /* lxc.modules: comma-separated names */
    char *ip;      /* ip */
};

#define cleanup_boot_settings __attribute__((cleanup(boot_settings_free)))
void boot_settings_free(struct boot_settings *s);

/*
 * Parse a text; a later word replaces an earlier one, lines that begin with '#' are comments. An unknown word
 * that begins with "lxc.", or an invalid value, is ignored and reported in `complaints`, one sentence each.
 * Other words are those of the kernel. 0 or -ENOMEM.
 */
int boot_settings_parse(struct boot_settings *s, const char *text, struct string_list *complaints);

/* The setting ip=; a string is empty if the field is not set. */
struct boot_ip {
    char address[64], gateway[64], netmask[64], host_name[65], device[16], servers[2][64];
    bool dhcp, off;
};

/*
 * "dhcp", "on", "any"; "off", "none"; "[DEVICE]:dhcp"; or CLIENT:SERVER:GATEWAY:NETMASK:HOST:DEVICE:AUTOCONF:
 * DNS0:DNS1:NTP0, where fields may be missing at the end. NULL: DHCP. 0 or -EINVAL with `err` filled.
 */
int boot_ip_parse(const char *text, struct boot_ip *out, struct error *err);

/*
 * Split "debian/bookworm[/VARIANT[/ARCH]]" into its two to four parts. 0, -EINVAL with `err` filled or
 * -ENOMEM.
 */
int boot_image_parse(const char *text, struct string_list *parts, struct error *err);

#endif
