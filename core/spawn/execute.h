/* Executing a command inside a container, directly or by the small init of lxc-execute. */
#ifndef LXCBOX_CORE_SPAWN_EXECUTE_H
#define LXCBOX_CORE_SPAWN_EXECUTE_H

#include <stdbool.h>

#define EXECUTE_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * execve(2) with our environment. The program is searched for in PATH, then in the default path, since the
 * directories of the user's PATH may not exist inside. Returns only on failure: the errno.
 */
int execute_command(char **argv);

/*
 * The same for our own small init (applet lxc-init), which runs `argv`: it is executed from `executable`, an
 * fd of our own executable, which the container does not contain. `forward` is that of execute_init_loop().
 * Returns only on failure: the errno.
 */
int execute_our_init(int executable, const char *name, bool forward, char **argv);

/*
 * The main loop of that init: run `argv`, forward signals to it, and reap orphaned processes. SIGPWR and
 * SIGTERM end every process; those that are left after a second are killed by SIGKILL. Returns argv's exit
 * status (128 + signal; 127 or 126 where it could not be executed) once every process has ended.
 *
 * With `forward` these two signals go to `argv` alone as well, which ends as it is made to, and the main loop
 * ends with it: so a program of an image stops its children itself, in its own time.
 */
int execute_init_loop(char **argv, bool forward);

#endif
