/*
 * Capabilities: lxc.cap.drop and lxc.cap.keep. capabilities(7). Masks have bit N for capability number N.
 */
#ifndef LXCBOX_CORE_RUN_CAPS_H
#define LXCBOX_CORE_RUN_CAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/config/config.h"

/* What the container may have: all that the kernel knows, less cap_drop, or cap_keep alone. */
int caps_mask(const struct config *c, uint64_t *mask, struct error *err);

/* Will the container have this one? For choices that depend on it; false also when the config is wrong. */
bool caps_wanted(const struct config *c, int number);

/*
 * Take every capability outside `keep` from the bounding set of this process, and clear its inheritable and
 * ambient sets, so that exec gives no more than `keep`. What it has until exec stays.
 */
int caps_limit(uint64_t keep, struct error *err);

/* caps_limit() by the configuration. */
int caps_apply(const struct config *c, struct error *err);

#endif
