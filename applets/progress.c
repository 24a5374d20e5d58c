#include "applets/progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct progress {
    FILE *out;
    uint64_t shown;
};

static void progress_print_status(void *context, const char *sentence)
{
    const struct progress *p = context;

    fprintf(p->out, "%s\n", sentence);
    fflush(p->out);
}

#define PROGRESS_FROM (1 << 20) /* smaller files arrive too quickly to be worth a line */

/* The width of the bar. The line must fit the terminal; otherwise each update would begin a new line. */
static int progress_bar_width(int terminal)
{
    struct winsize size = {.ws_col = 0};
    int columns = ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;

    return columns >= 80 ? 40 : columns > 45 ? columns - 40 : 5;
}

/* On a terminal, update one line; elsewhere, print one line per file when it is complete. */
static void progress_print(void *context, const char *file, uint64_t done, uint64_t total)
{
    struct progress *p = context;
    bool terminal = isatty(fileno(p->out));
    uint64_t size = total ? total : done;
    uint64_t percent = total ? done * 100 / total : 0, step = total ? percent + 1 : done >> 20;

    if (size < PROGRESS_FROM || (done != total && (!terminal || p->shown == step)))
        return;
    p->shown = step;
    if (!terminal) {
        fprintf(p->out, "%s: %llu.%llu MB\n", file, (unsigned long long)(size / 1000000),
                (unsigned long long)(size / 100000 % 10));
        return;
    }
    fprintf(p->out, "\r%-14.14s ", file);
    if (total) {
        int width = progress_bar_width(fileno(p->out));
        fprintf(p->out, "[%-*.*s] %3llu%% of ", width, (int)percent * width / 100,
                "########################################", (unsigned long long)percent);
    }
    fprintf(p->out, "%llu.%llu MB", (unsigned long long)(size / 1000000),
            (unsigned long long)(size / 100000 % 10));
    if (done == total)
        fputc('\n', p->out);
    fflush(p->out);
}

struct image_events progress_events(FILE *out)
{
    static struct progress progress;

    progress = (struct progress){.out = out};
    return (struct image_events){&progress, progress_print_status, progress_print};
}
