/*
 * The template "busybox": a rootfs made of one static busybox, with nothing fetched from anywhere. It boots
 * with busybox's own init to a shell on the console and a login on tty1.
 */
#ifndef LXCBOX_CORE_STORAGE_TEMPLATE_BUSYBOX_H
#define LXCBOX_CORE_STORAGE_TEMPLATE_BUSYBOX_H

#include "core/storage/create.h"

/* `busybox`: the file named with --busybox-path, NULL for the first static one in PATH and the usual folders.
 */
int template_busybox(const char *busybox, struct create_place *place, struct error *err);

/* Whether the ELF file that `fd` is open at needs no dynamic linker: 1 or 0, -ENOEXEC for what is no ELF
 * file, or another negative errno. elf(5), PT_INTERP. */
int elf_is_static(int fd);

#endif
