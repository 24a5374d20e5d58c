/*
 * Images of OCI as the rootfs of a container: options, download, configuration. Shared by the applets that
 * create containers from them. It converts between fetch/registry and core/storage, neither of which includes
 * the other.
 */
#ifndef LXCBOX_APPLETS_OCI_IMAGE_H
#define LXCBOX_APPLETS_OCI_IMAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "applets/cli/options.h"
#include "core/storage/create.h"
#include "fetch/registry/pull.h"

struct oci_image_options {
    const char *url, *username, *password, *arch, *variant, *mirror, *pull, *entrypoint, *user, *ca_file,
        *tls_verify;
    bool password_stdin, no_cache, dhcp, plain_http;
    struct string_list environment;
    /* Set by oci_image_prepare(). */
    struct reference reference;
    struct credentials credentials;
    bool any_certificate;
    enum pull_policy policy;
};

extern const struct option_row oci_image_table[];
/* The same with --url and the other options of the template. */
extern const struct option_row oci_template_table[];

/* Check the options, and read the password from standard input, before anything is created. */
int oci_image_prepare(struct oci_image_options *o, struct error *err);

/* Where the messages go. */
struct oci_image_output {
    const char *applet; /* notes about the image begin with its name */
    FILE *progress;     /* of the download; NULL: none */
};

/* Fill a container: its rootfs, its configuration. `argv` replaces the image's Cmd unless it is empty; NULL
 * at its end. */
int oci_image_fill(const struct oci_image_options *o, char **argv, const struct oci_image_output *to,
                   struct create_place *place, struct error *err);

#endif
