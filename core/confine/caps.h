/*
 * Capabilities: lxc.cap.drop and lxc.cap.keep. capabilities(7). Masks have bit N for capability number N.
 */
#ifndef LXCBOX_CORE_CONFINE_CAPS_H
#define LXCBOX_CORE_CONFINE_CAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/config/config.h"

/* The capabilities that the container may have: all of the kernel except cap_drop, or only cap_keep. */
int caps_mask(const struct config *c, uint64_t *mask, struct error *err);

/* Whether the container will have this capability; false also if the config is invalid. */
bool caps_has(const struct config *c, int number);

/*
 * Remove every capability outside `keep` from the bounding set of this process, and clear its inheritable and
 * ambient sets, so that exec grants at most `keep`. Current capabilities are kept until exec.
 */
int caps_limit(uint64_t keep, struct error *err);

/* Call caps_limit() with the mask of the configuration. */
int caps_apply(const struct config *c, struct error *err);

#endif
