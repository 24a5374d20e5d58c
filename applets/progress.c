#include "applets/progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void progress_print_status(void *context, const char *sentence)
{
    (void)context;
    puts(sentence);
    fflush(stdout);
}

#define PROGRESS_FROM (1 << 20) /* smaller files arrive too quickly to be worth a line */

/* The width of the bar. The line must fit the terminal; otherwise each update would begin a new line. */
static int progress_bar_width(void)
{
    struct winsize size = {.ws_col = 0};
    int columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;

    return columns >= 80 ? 40 : columns > 45 ? columns - 40 : 5;
}

/* On a terminal, update one line; elsewhere, print one line per file when it is complete. */
static void progress_print(void *context, const char *file, uint64_t done, uint64_t total)
{
    uint64_t *shown = context, size = total ? total : done;
    uint64_t percent = total ? done * 100 / total : 0, step = total ? percent + 1 : done >> 20;

    if (size < PROGRESS_FROM || (done != total && (!isatty(STDOUT_FILENO) || *shown == step)))
        return;
    *shown = step;
    if (!isatty(STDOUT_FILENO)) {
        printf("%s: %llu.%llu MB\n", file, (unsigned long long)(size / 1000000),
               (unsigned long long)(size / 100000 % 10));
        return;
    }
    printf("\r%-14.14s ", file);
    if (total) {
        int width = progress_bar_width();
        printf("[%-*.*s] %3llu%% of ", width, (int)percent * width / 100,
               "########################################", (unsigned long long)percent);
    }
    printf("%llu.%llu MB", (unsigned long long)(size / 1000000), (unsigned long long)(size / 100000 % 10));
    if (done == total)
        putchar('\n');
    fflush(stdout);
}

static uint64_t progress_shown;

struct image_events progress_events(void)
{
    return (struct image_events){&progress_shown, progress_print_status, progress_print};
}
