/*
 * Applies an image's metadata after its rootfs has been unpacked: its configuration, its fstab, and the names
 * in the files that it lists.
 */
#ifndef LXCBOX_CORE_STORAGE_TEMPLATE_IMAGE_H
#define LXCBOX_CORE_STORAGE_TEMPLATE_IMAGE_H

#include "core/storage/create.h"

/* Texts of the image; NULL: none. */
struct template_texts {
    const char *config, *fstab;
    const char *templates; /* paths inside the rootfs, one per line, of files in which LXC_NAME and so on are
                              replaced; what does not exist is skipped */
    bool trusted;          /* use the configuration and the fstab unchanged */
};

/*
 * Unless `trusted`, only settings allowed by core/config/untrusted.h become part of the container's
 * configuration and fstab, and a container without a user namespace includes common.conf unless it includes
 * the file of a distribution. Each omission and addition adds a sentence to `notes`. The rootfs is not
 * trusted either: no link is followed out of it. Without `config`, the container includes what all of LXC's
 * distributions include. Networks (lxc.net.*) of the image are omitted, because the container has its own.
 * Returns 0, or a negative errno with `err` filled.
 */
int template_image(struct create_place *place, const struct template_texts *texts, struct string_list *notes,
                   struct error *err);

/*
 * The same for an archive of a container, which has a complete configuration: of the default configuration,
 * only settings that depend on the host are used. The archive's network is used unless `explicit` (-f names a
 * configuration) is true and that configuration has a network; its hardware addresses are replaced unless
 * `keep_mac`.
 */
int template_archive(struct create_place *place, const struct template_texts *texts, bool explicit,
                     bool keep_mac, struct string_list *notes, struct error *err);

#endif
