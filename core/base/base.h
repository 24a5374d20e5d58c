/*
 * Functions that every other module uses. Nothing in this module depends on containers. Read this header
 * first, then the header of the functions that you need.
 *
 *     error.h, log.h              errors as values; the log (failures are reported as errors, not in the log)
 *     cleanup.h                   resources that are released at the end of a scope
 *     str.h, pattern.h            strings, lists, regular expressions
 *     bytes.h                     numbers in a given byte order
 *     file.h, path.h              whole files; paths inside a rootfs, which is not trusted
 *     walk.h                      trees of files of any depth
 *     mountinfo.h                 the table of mounts, with size limits
 *     procfs.h                    files of a verified /proc
 *     clock.h, loop.h             clocks; the event loop
 *     process.h, script.h         child processes, programs, command lines of a configuration
 *     jail.h                      a process that reads untrusted bytes
 *     daemon.h, signal.h, title.h daemons; signals by pidfd; the title that ps(1) prints
 *     session.h, relay.h, pty.h   a command in a session of its own; relaying its terminal; opening ptys
 *     message.h, lookup.h         messages with fds over a socket; host names
 *     executable.h                the error for a program that cannot be executed
 *     override/                   faster replacements for functions of the C library
 */
#ifndef LXCBOX_CORE_BASE_BASE_H
#define LXCBOX_CORE_BASE_BASE_H
#endif
