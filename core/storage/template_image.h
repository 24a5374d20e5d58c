/*
 * What an image's metadata asks for once its rootfs is unpacked: its part of the configuration, its fstab,
 * and names filled in in files that it names.
 */
#ifndef LXCBOX_CORE_STORAGE_TEMPLATE_IMAGE_H
#define LXCBOX_CORE_STORAGE_TEMPLATE_IMAGE_H

#include "core/storage/create.h"

/* Texts as they came with the image; NULL: there is none. */
struct template_texts {
    const char *config, *fstab;
    const char *templates; /* paths inside the rootfs, one per line, of files in which LXC_NAME and so on are
                              replaced; what does not exist is skipped */
    bool trusted;          /* all of the configuration and of the fstab counts */
};

/*
 * Unless `trusted`, only what core/config/untrusted.h allows becomes part of the container's configuration
 * and fstab; and a container without a user namespace includes common.conf, if no file of a distribution.
 * What is left out and added is reported in `notes`, a sentence each. The rootfs is hostile, too: nothing is
 * followed out of it. Without a `config` the container gets what all of LXC's distributions include.
 * Networks (lxc.net.*) of the image are left out: they are the container's own. 0 or a negative errno with
 * `err` filled.
 */
int template_image(struct create_place *place, const struct template_texts *texts, struct string_list *notes,
                   struct error *err);

/*
 * The same for an archive of a container, which had a configuration of its own: the default configuration
 * counts only for what the archive cannot know. The archive's network is taken where `explicit`, whether -f
 * named a configuration, is false or that has none; its hardware addresses are new ones unless `keep_mac`.
 */
int template_archive(struct create_place *place, const struct template_texts *texts, bool explicit,
                     bool keep_mac, struct string_list *notes, struct error *err);

#endif
