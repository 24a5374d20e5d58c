/*
 * What an image's metadata asks for once its rootfs is unpacked: its part of the configuration, its fstab,
 * and names filled in in files that it names.
 */
#ifndef LXCBOX_CORE_STORAGE_TEMPLATE_IMAGE_H
#define LXCBOX_CORE_STORAGE_TEMPLATE_IMAGE_H

#include "core/storage/create.h"

/*
 * Texts as they came with the image; NULL: there is none. `templates` are paths inside the rootfs, one per
 * line, of files in which LXC_NAME and so on are replaced; what is not there is passed over. The rootfs is
 * the image's and hostile: nothing is followed out of it. Without a `config` the container gets what all of
 * LXC's distributions include.
 */
int template_image(struct create_place *place, const char *config, const char *fstab, const char *templates,
                   struct error *err);

#endif
