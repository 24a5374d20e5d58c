/* Files with which the host's own init starts lxc-net and the containers at boot. */
#ifndef LXCBOX_APPLETS_LXCBOX_SERVICE_H
#define LXCBOX_APPLETS_LXCBOX_SERVICE_H

#include "core/base/error.h"
#include "core/base/str.h"

/* Append the file for an init ("systemd", "openrc", "procd", "sysv") that runs the executable `self`. 0 or a
 * negative errno with `err` filled. */
int service_text(const char *init, const char *self, struct strbuf *out, struct error *err);

#endif
