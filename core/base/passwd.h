/* The one thing we ask of a container's /etc/passwd. Source: passwd(5). */
#ifndef LXCBOX_CORE_RUN_PASSWD_H
#define LXCBOX_CORE_RUN_PASSWD_H

#include <sys/types.h>

/*
 * The login shell of the first account with `uid` in a terminated text in the form of /etc/passwd: an
 * absolute path the caller frees. -ENOENT without such an account or shell, -ENOMEM.
 */
int passwd_find_shell(const char *text, uid_t uid, char **shell);

/*
 * The same from /etc/passwd of the root that we are in, which is the container's: a file that is not regular,
 * or longer than a megabyte, counts as none.
 */
int passwd_read_shell(uid_t uid, char **shell);

#endif
