#include "core/links/network_steps.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The maximum size of one message in a batch. */
#define MESSAGE_ROOM 512

void network_steps_init(struct network_steps *s, struct netlink *n, struct error *err)
{
    s->n = n;
    s->replies = (struct strbuf)STRBUF_INIT;
    s->err = err;
    s->code = 0;
    s->failed = NULL;
    netlink_batch_init(&s->b);
}

void network_steps_free(struct network_steps *s)
{
    strbuf_free(&s->replies);
}

void network_step(struct network_steps *s, const struct network_link *l, const char *format, ...)
{
    va_list args;

    if (s->b.count == STEPS_MAX || sizeof(s->b.bytes) - s->b.length < MESSAGE_ROOM)
        network_steps_run(s);
    s->items[s->b.count].link = l;
    va_start(args, format);
    vsnprintf(s->items[s->b.count].text, sizeof(s->items[0].text), format, args);
    va_end(args);
}

int network_steps_run(struct network_steps *s)
{
    struct netlink_result result;

    if (s->b.count && netlink_exchange(s->n, &s->b, &s->replies, &result) < 0 && s->code == 0) {
        const struct network_link *l = s->items[result.message].link;

        s->code = result.code;
        s->failed = l;
        netlink_error(&result, s->err, "cannot %s", s->items[result.message].text);
        if (l)
            error_context(s->err, "lxc.net.%u", l->net->index);
        if (s->code == -EPERM)
            error_remedy(s->err, "setting up networks requires root");
    }
    netlink_batch_init(&s->b);
    return s->code;
}
