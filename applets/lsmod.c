/* lsmod: list the kernel modules that are loaded. See lsmod.1. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "applets/cli/applet.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"

#define PROC_MAX (4u << 20) /* bytes */

static const struct option_row lsmod_table[] = {OPT_END};

/* A line of /proc/modules: "bridge 311296 1 br_netfilter, Live 0x...", "-" if it is not in use. proc(5). */
static void lsmod_print_line(char *line)
{
    char *name = strsep(&line, " "), *size = strsep(&line, " "), *uses = strsep(&line, " ");
    char *users = strsep(&line, " ");
    size_t length = users ? strlen(users) : 0;

    if (!users)
        return;
    if (length && users[length - 1] == ',')
        users[length - 1] = '\0';
    printf("%-19s %8s  %s %s\n", name, size, uses, strcmp(users, "-") == 0 ? "" : users);
}

static int lsmod_run(struct invocation *in, struct error *err)
{
    cleanup_free char *text = NULL;
    int r = file_read(AT_FDCWD, "/proc/modules", PROC_MAX, &text, NULL);
    char *rest = text, *line;

    if (operands_check(in, err) < 0)
        return err->code;
    if (r == -ENOENT)
        error_text(err, ENOENT, "this kernel does not support modules: /proc/modules does not exist");
    else if (r < 0)
        error_set(err, r, "cannot read /proc/modules");
    if (r < 0)
        return r;
    puts("Module                  Size  Used by");
    while ((line = strsep(&rest, "\n")))
        lsmod_print_line(line);
    return 0;
}

APPLET(lsmod, .name = "lsmod", .summary = "List the kernel modules that are loaded", .usage = "",
       .options = lsmod_table, .options_size = 1, .unlinked = true, .run = lsmod_run);
