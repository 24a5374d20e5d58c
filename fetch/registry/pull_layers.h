/* The part of pull.c that downloads layers in threads. */
#ifndef LXCBOX_FETCH_REGISTRY_PULL_LAYERS_H
#define LXCBOX_FETCH_REGISTRY_PULL_LAYERS_H

#include "fetch/registry/pull.h"
#include "fetch/registry/store.h"

struct layers_request {
    const struct manifest *manifest;
    const struct store *store;
    const struct registry_options *registry; /* NULL: the store has everything */
    const struct image_events *events;
    const bool *wanted; /* as for pull_layers() */
    const struct pull_sink *sink;
};

/* See pull_layers(). */
int layers_pull(const struct layers_request *request, struct error *err);

#endif
