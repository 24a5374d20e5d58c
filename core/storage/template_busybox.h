/*
 * The template "busybox": a rootfs that consists of a static busybox; needs no network. It boots with the
 * init of busybox to a shell on the console and a login on tty1.
 */
#ifndef LXCBOX_CORE_STORAGE_TEMPLATE_BUSYBOX_H
#define LXCBOX_CORE_STORAGE_TEMPLATE_BUSYBOX_H

#include "core/storage/create.h"

/* `busybox`: the file given with --busybox-path, or NULL for the first static one in PATH and the standard
 * directories. */
int template_busybox(const char *busybox, struct create_place *place, struct error *err);

/* Returns 1 if the ELF file `fd` needs no dynamic linker, else 0; -ENOEXEC if it is not an ELF file, or
 * another negative errno. Source: elf(5), PT_INTERP. */
int elf_is_static(int fd);

#endif
