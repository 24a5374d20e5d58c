/*
 * Errors are values. A function that can fail returns 0 (or a useful non-negative number) on success and a
 * negative errno on failure, and fills the struct error it was handed once, where the cause is known. Callers
 * pass it up, adding context where it helps; only the applet prints it.
 *
 * The struct is flat and of fixed size, so a child process can send it to its parent through a socket as it
 * is.
 */
#ifndef LXCBOX_CORE_BASE_ERROR_H
#define LXCBOX_CORE_BASE_ERROR_H

struct error {
    int code;       /* negative errno; 0 while no error is held */
    char text[480]; /* what was being done, on what: "cannot attach veth to bridge lxcbr0: No such device" */
    char remedy[240]; /* what the user can do: "run \"lxc-net start\" or set lxc.net.0.link"; may be empty */
};

#define ERROR_INIT                                                                                           \
    {                                                                                                        \
        0                                                                                                    \
    }

/*
 * Fill `err` with a formatted text and the errno's own words after it (": No such device"). `errnum` may be
 * positive or negative; 0 stands for an error that no errno describes: no words are appended and the code is
 * -EINVAL. `err` may be NULL. Returns the code, so that "return error_set(...)" is the usual form.
 */
int error_set(struct error *err, int errnum, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same without the errno's words, for texts that say it better themselves; the code is -errnum. */
int error_text(struct error *err, int errnum, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Add the remedy to an error that was just set. Returns its code, also for a NULL err. */
int error_remedy(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Put "context: " before the text of an error that was just set. Returns its code, also for a NULL err. */
int error_context(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Take over an error, for example one that another process has sent, whose texts need not be terminated.
 * Returns its code.
 */
int error_copy(struct error *err, const struct error *from);

/* Forget what is held, so that the struct can be used for another attempt. NULL is ignored. */
void error_clear(struct error *err);

/* Write "text (remedy)" into `out`, always terminated, control bytes as '?'. Returns `out`. */
const char *error_format(const struct error *err, char *out, unsigned long size);

#endif
