#include "net/bridge/bridge_wanted.h"

#include <errno.h>
#include <string.h>

#include "net/bridge/bridge_network.h"
#include "net/bridge/bridge_settings.h"

int bridge_wanted(char name[IFNAMSIZ], struct error *err)
{
    struct bridge_state state;
    struct bridge_settings s;
    int up = bridge_state_read(&state, NULL), r;

    if (up == 0) {
        strcpy(name, state.bridge);
        bridge_state_free(&state);
        return 0;
    }
    r = bridge_settings_read_default(&s, err);
    if (r < 0)
        return r;
    /* -EBUSY: another lxc-net is up, which uses the same settings, or its defaults if there are none. */
    r = s.use_bridge && (up == -EBUSY || s.lines.length) ? 0 : -ENOENT;
    strcpy(name, s.bridge);
    bridge_settings_free(&s);
    return r;
}
