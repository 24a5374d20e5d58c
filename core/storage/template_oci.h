/*
 * The configuration of a container from an image of OCI, after its layers have been unpacked: what the
 * image's author wants to be run, as whom, with which environment, volumes and stop signal. Source: OCI image
 * specification 1.1, config.md, "Conversion to a runtime configuration" (conversion.md).
 *
 * What the image says is not trusted: no text of it can begin a line of the configuration, and its files are
 * opened inside the rootfs.
 */
#ifndef LXCBOX_CORE_STORAGE_TEMPLATE_OCI_H
#define LXCBOX_CORE_STORAGE_TEMPLATE_OCI_H

#include "core/base/str.h"
#include "core/storage/create.h"

/* What to run. Strings may have any characters but NUL. */
struct template_oci {
    const struct string_list *command;     /* the program and its arguments; not empty */
    const struct string_list *environment; /* "NAME=VALUE" */
    const char *user;                      /* as for image_user_find() */
    const char *working_directory;         /* NULL: "/" */
    const char *stop_signal;               /* "SIGQUIT", "QUIT", "3"; NULL: SIGTERM */
    const struct string_list *volumes;     /* absolute paths */
    const struct string_list *ports;       /* "80/tcp" */
    const struct strbuf *image_json;       /* becomes NAME/image.json */
};

/*
 * Fill the parts of the configuration, NAME/lxcbox.conf, NAME/image.json, NAME/volumes, and /etc/hosts and
 * /etc/hostname of the rootfs where they are missing. Sentences about what the image wants and cannot have
 * are added to `notes`. Returns 0 or a negative errno with `err` filled.
 */
int template_oci(struct create_place *place, const struct template_oci *image, struct string_list *notes,
                 struct error *err);

#endif
