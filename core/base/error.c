#include "core/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/str.h"

/*
 * The code of the last error, for callers without an error object: error_remedy() and error_context() are
 * called immediately after error_set() and return this code.
 */
static _Thread_local int last_code;

/* The kernel's MAX_ERRNO. A number beyond it is from a process that is not ours. */
#define ERRNO_MAX 4095

static int error_code(int errnum)
{
    int code = errnum > 0 ? -errnum : errnum;

    return code == 0 ? -EINVAL : code < -ERRNO_MAX ? -EPROTO : code;
}

static int error_fill(struct error *err, int errnum, bool describe, const char *format, va_list args)
{
    size_t used;

    last_code = error_code(errnum);
    if (!err)
        return last_code;
    err->code = last_code;
    err->remedy[0] = '\0';
    vsnprintf(err->text, sizeof(err->text), format, args);
    used = strlen(err->text);
    if (describe && errnum)
        snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(-last_code));
    return err->code;
}

int error_set(struct error *err, int errnum, const char *format, ...)
{
    va_list args;
    int r;

    va_start(args, format);
    r = error_fill(err, errnum, true, format, args);
    va_end(args);
    return r;
}

int error_text(struct error *err, int errnum, const char *format, ...)
{
    va_list args;
    int r;

    va_start(args, format);
    r = error_fill(err, errnum, false, format, args);
    va_end(args);
    return r;
}

int error_remedy(struct error *err, const char *format, ...)
{
    va_list args;

    if (!err)
        return last_code;
    va_start(args, format);
    vsnprintf(err->remedy, sizeof(err->remedy), format, args);
    va_end(args);
    return err->code;
}

int error_context(struct error *err, const char *format, ...)
{
    va_list args;
    char before[sizeof(err->text)];
    size_t used;

    if (!err)
        return last_code;
    memcpy(before, err->text, sizeof(before));
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    used = strlen(err->text);
    snprintf(err->text + used, sizeof(err->text) - used, ": %s", before);
    return err->code;
}

int error_name(struct error *err, const char *name)
{
    size_t length = strlen(name);
    const char *at = err ? err->text : NULL;

    while (at && (strncmp(at, name, length) != 0 || !strchr(" :", at[length]))) {
        at = strstr(at, " of ");
        at = at ? at + strlen(" of ") : NULL;
    }
    return at ? err->code : error_context(err, "%s", name);
}

int error_copy(struct error *err, const struct error *from)
{
    last_code = error_code(from->code < 0 ? from->code : 0);
    if (!err)
        return last_code;
    *err = *from;
    err->code = last_code;
    err->text[sizeof(err->text) - 1] = err->remedy[sizeof(err->remedy) - 1] = '\0';
    return err->code;
}

void error_clear(struct error *err)
{
    if (!err)
        return;
    err->code = 0;
    err->text[0] = '\0';
    err->remedy[0] = '\0';
}

const char *error_format(const struct error *err, char *out, unsigned long size)
{
    if (err->remedy[0])
        snprintf(out, size, "%s (%s)", err->text, err->remedy);
    else
        snprintf(out, size, "%s", err->text);
    /*
     * Names in the text are not trusted: without control characters, the text stays one line and cannot
     * control the terminal.
     */
    if (size)
        text_make_printable(out, strlen(out), "");
    return out;
}
