/*
 * What every other module builds on. Nothing here knows a container. Read this first, then the header of what
 * you need.
 *
 *     error.h, log.h              errors as values; the log, which reports no failure
 *     cleanup.h                   resources that end with their scope
 *     str.h, pattern.h, json.h    texts, lists, patterns of names, writing JSON
 *     bytes.h                     numbers in a given byte order
 *     file.h, path.h              whole files; paths inside a rootfs, which is hostile
 *     mountinfo.h, passwd.h       tables of the kernel and of a rootfs, read within bounds
 *     clock.h, loop.h             clocks; the event loop
 *     process.h, script.h         child processes, programs, command lines of a configuration
 *     daemon.h, signal.h, title.h outliving the caller; signals by pidfd; what ps(1) shows
 *     message.h, lookup.h         messages with fds over a socket; names of hosts
 *     executable.h                why a program cannot be executed
 *     override/                   functions that replace those of the C library, for speed
 */
#ifndef LXCBOX_CORE_BASE_BASE_H
#define LXCBOX_CORE_BASE_BASE_H
#endif
