/* Executing a command inside a container, and the small init of lxc-execute around it. */
#ifndef LXCBOX_CORE_RUN_EXECUTE_H
#define LXCBOX_CORE_RUN_EXECUTE_H

#define EXECUTE_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * execve(2) with our environment, found by PATH, then by the default one: the person's PATH may name nothing
 * that exists inside. Returns only on failure: the errno of why not.
 */
int execute_command(char **argv);

/*
 * The same for our own small init (applet lxc-init) around `argv`: run from `executable`, an fd of ours,
 * since the container has none. Returns the errno of why not.
 */
int execute_our_init(int executable, const char *name, char **argv);

/*
 * Be that init: run `argv`, hand on signals to it, reap whatever is orphaned. SIGPWR and SIGTERM end every
 * process, those that stay after a second by SIGKILL. Returns argv's exit status (128 + signal; 127 or 126
 * where it could not be executed) once every process has ended.
 */
int execute_init_loop(char **argv);

#endif
