/*
 * For targets of what the program reads from files: parts of the input, separated by 0xff, take the place of
 * files, which are found by the end of their path. openat(2) and open(2) are replaced for that.
 */
#ifndef LXCBOX_TESTS_FUZZ_FILES_H
#define LXCBOX_TESTS_FUZZ_FILES_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILES_MAX 16

static struct {
    const char *path; /* the end of it */
    const uint8_t *bytes;
    size_t size;
} files[FILES_MAX];

/* The parts of the input for these paths, in their order. A path without a part is an empty file. */
static void files_set(const char *const *paths, size_t count, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *end = size ? memchr(data, 0xff, size) : NULL;
        size_t length = end ? (size_t)(end - data) : size;

        files[i].path = paths[i];
        files[i].bytes = data;
        files[i].size = length;
        if (!size)
            continue;
        length += end != NULL;
        data += length;
        size -= length;
    }
}

static int file_open(const char *path)
{
    size_t length = strlen(path);

    for (size_t i = 0; i < FILES_MAX && files[i].path; i++) {
        size_t end = strlen(files[i].path);
        int fd;

        if (end > length || strcmp(path + length - end, files[i].path) != 0)
            continue;
        fd = memfd_create("file", MFD_CLOEXEC);
        if (fd < 0 || write(fd, files[i].bytes, files[i].size) != (ssize_t)files[i].size)
            abort();
        lseek(fd, 0, SEEK_SET);
        return fd;
    }
    return -1;
}

int openat(int dirfd, const char *path, int flags, ...)
{
    int fd = file_open(path);
    mode_t mode = 0;
    va_list args;

    if (fd >= 0)
        return fd;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    return (int)syscall(SYS_openat, dirfd, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list args;

    if (flags & (O_CREAT | O_TMPFILE)) {
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    return openat(AT_FDCWD, path, flags, mode);
}

#endif
