#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "net/bridge/bridge_internal.h"
#include "net/link/link.h"

static int state_read_line(struct bridge_state *s, char *line)
{
    char *value = strchr(line, ' ');
    int64_t number;

    if (!value)
        return 0;
    *value++ = '\0';
    if (strcmp(line, "bridge") == 0 && link_name_valid(value))
        strcpy(s->bridge, value);
    else if (strcmp(line, "uplink") == 0 && link_name_valid(value))
        strcpy(s->uplink, value);
    else if (strcmp(line, "ip_forward") == 0 && parse_int64(value, 10, 0, 1, &number) == 0)
        s->forward4 = (int)number;
    else if (strcmp(line, "ipv6_forwarding") == 0 && parse_int64(value, 10, 0, 1, &number) == 0)
        s->forward6 = (int)number;
    else if (strcmp(line, "accept_ra") == 0 && link_name_valid(value))
        return string_list_add(&s->accept_ra, value);
    return 0;
}

int bridge_state_read(struct bridge_state *out, struct error *err)
{
    cleanup_free char *text = NULL;
    char *rest, *line;
    int r = file_read(AT_FDCWD, BRIDGE_STATE_FILE, 65536, &text, NULL);

    *out = (struct bridge_state){.forward4 = -1, .forward6 = -1};
    if (r == -ENOENT)
        return error_text(err, ENOENT, "lxc-net isn't running");
    if (r < 0)
        return error_set(err, r, "cannot read %s", BRIDGE_STATE_FILE);
    rest = text;
    while (r == 0 && (line = strsep(&rest, "\n")))
        r = state_read_line(out, line);
    if (r < 0)
        return error_set(err, r, "cannot read %s", BRIDGE_STATE_FILE);
    if (!out->bridge[0]) {
        error_text(err, EBUSY, "%s was not written by lxcbox: another lxc-net has its network up",
                   BRIDGE_STATE_FILE);
        return error_remedy(err, "stop that one first");
    }
    return 0;
}

int bridge_state_write(const struct bridge_state *s, const struct strbuf *settings, struct error *err)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    int r = strbuf_printf(&text, "bridge %s\n", s->bridge);

    if (r == 0 && s->uplink[0])
        r = strbuf_printf(&text, "uplink %s\n", s->uplink);
    if (r == 0 && s->forward4 >= 0)
        r = strbuf_printf(&text, "ip_forward %d\n", s->forward4);
    if (r == 0 && s->forward6 >= 0)
        r = strbuf_printf(&text, "ipv6_forwarding %d\n", s->forward6);
    for (size_t i = 0; r == 0 && i < s->accept_ra.count; i++)
        r = strbuf_printf(&text, "accept_ra %s\n", s->accept_ra.items[i]);
    if (r == 0)
        r = strbuf_add(&text, settings->text, settings->length);
    if (r == 0)
        r = make_directories("/run/lxc", 0755);
    if (r == 0)
        r = file_replace(AT_FDCWD, BRIDGE_STATE_FILE, text.text, text.length, 0644);
    return r < 0 ? error_set(err, r, "cannot write %s", BRIDGE_STATE_FILE) : 0;
}

void bridge_state_free(struct bridge_state *s)
{
    string_list_clear(&s->accept_ra);
}
