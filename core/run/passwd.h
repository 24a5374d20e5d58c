/* The login shell of a user in a container's /etc/passwd. Source: passwd(5). */
#ifndef LXCBOX_CORE_RUN_PASSWD_H
#define LXCBOX_CORE_RUN_PASSWD_H

#include <sys/types.h>

/*
 * The login shell of the first account with `uid` in a terminated text in the format of /etc/passwd: an
 * absolute path, which the caller frees. -ENOENT if there is no such account or shell, -ENOMEM.
 */
int passwd_find_shell(const char *text, uid_t uid, char **shell);

/*
 * The same for /etc/passwd in the root directory of this process, which is that of the container. A file that
 * is not regular, or longer than a megabyte, is ignored.
 */
int passwd_read_shell(uid_t uid, char **shell);

#endif
