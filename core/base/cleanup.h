/*
 * Cleanup by scope: everything opened or allocated is released when its variable goes out of scope. take_fd()
 * or take_ptr() takes out a resource that must outlive the scope. Source: GCC manual, "Common Variable
 * Attributes" (cleanup).
 */
#ifndef LXCBOX_CORE_BASE_CLEANUP_H
#define LXCBOX_CORE_BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* Close an fd if it is open and mark it closed; keeps errno. */
static inline void close_fd(int *fd)
{
    if (*fd >= 0) {
        int saved = errno;
        close(*fd);
        *fd = -1;
        errno = saved;
    }
}

static inline void free_ptr(void *p)
{
    free(*(void **)p);
}

static inline void close_file(FILE **f)
{
    if (*f)
        fclose(*f);
}

static inline void close_dir(DIR **d)
{
    if (*d)
        closedir(*d);
}

#define cleanup_fd   __attribute__((cleanup(close_fd)))
#define cleanup_free __attribute__((cleanup(free_ptr)))
#define cleanup_file __attribute__((cleanup(close_file)))
#define cleanup_dir  __attribute__((cleanup(close_dir)))

/* Take a resource out of its scope: return it and disable the cleanup. */
static inline int take_fd(int *fd)
{
    int out = *fd;
    *fd = -1;
    return out;
}

static inline void *take_pointer(void *p)
{
    void *out = *(void **)p;
    *(void **)p = NULL;
    return out;
}

#define take_ptr(p) ((__typeof__(p))take_pointer(&(p)))

#endif
