/*
 * Errors are values. A function that can fail returns 0 (or a useful non-negative number) on success and a
 * negative errno on failure, and fills the caller's struct error once, where the cause is known. Callers
 * return it further up and add context if useful; only the applet prints it.
 *
 * The struct contains no pointers and has a fixed size, so a child process can send it to its parent
 * unchanged.
 */
#ifndef LXCBOX_CORE_BASE_ERROR_H
#define LXCBOX_CORE_BASE_ERROR_H

struct error {
    int code;         /* negative errno; 0: no error is set */
    char text[480];   /* what failed, on what: "cannot attach veth to bridge lxcbr0: No such device" */
    char remedy[240]; /* what the user can do: "run \"lxc-net start\" or set lxc.net.0.link"; may be empty */
};

#define ERROR_INIT                                                                                           \
    {                                                                                                        \
        0                                                                                                    \
    }

/*
 * Fill `err` with a formatted text, followed by the description of the errno (": No such device"). `errnum`
 * may be positive or negative; 0 means that no errno describes the error: no description is appended, and the
 * code is -EINVAL. A number beyond the kernel's (4095), which another process has sent, becomes -EPROTO.
 * `err` may be NULL. Returns the code, so that "return error_set(...)" is the usual form.
 */
int error_set(struct error *err, int errnum, const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * The same without the description of the errno, for texts that explain the error themselves; the code is
 * -errnum.
 */
int error_text(struct error *err, int errnum, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Add the remedy to an error that was just set. Returns its code, also for a NULL err. */
int error_remedy(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Put "context: " before the text of an error that was just set. Returns its code, also for a NULL err. */
int error_context(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Put "name: " before the text of an error that was just set, unless the text names it: "NAME is already
 * running", "cannot end the processes of NAME". Returns the error's code, also for a NULL err.
 */
int error_name(struct error *err, const char *name);

/*
 * Copy an error, for example one received from another process. The texts of `from` need not be terminated.
 * Returns the code.
 */
int error_copy(struct error *err, const struct error *from);

/* Reset the struct for another attempt. NULL is ignored. */
void error_clear(struct error *err);

/* Write "text (remedy)" into `out`, always terminated, with '?' for each control character. Returns `out`. */
const char *error_format(const struct error *err, char *out, unsigned long size);

#endif
