#include "core/config/idmap.h"

#include <errno.h>

#define ID_MAX    UINT32_C(0xfffffffe) /* 2^32 - 1 means "no id" */
#define LINES_MAX 340                  /* user_namespaces(7), kernel 4.15 on */

static int idmap_translate(const struct config *c, bool is_gid, bool outwards, uint32_t id, uint32_t *out)
{
    for (size_t i = 0; i < c->idmap_count; i++) {
        const struct config_idmap *m = &c->idmaps[i];
        uint32_t from = outwards ? m->container_id : m->host_id, to = outwards ? m->host_id : m->container_id;

        if (m->is_gid == is_gid && id >= from && id - from < m->count) {
            *out = to + (id - from);
            return 0;
        }
    }
    return -ENOENT;
}

int idmap_to_host(const struct config *c, bool is_gid, uint32_t container_id, uint32_t *host_id)
{
    return idmap_translate(c, is_gid, true, container_id, host_id);
}

int idmap_to_container(const struct config *c, bool is_gid, uint32_t host_id, uint32_t *container_id)
{
    return idmap_translate(c, is_gid, false, host_id, container_id);
}

static bool idmap_overlap(uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count)
{
    return a < b ? b - a < a_count : a - b < b_count;
}

int idmap_check(const struct config *c, struct error *err)
{
    size_t lines[2] = {0, 0};

    for (size_t i = 0; i < c->idmap_count; i++) {
        const struct config_idmap *m = &c->idmaps[i];
        const char *kind = m->is_gid ? "g" : "u";

        lines[m->is_gid]++;
        if (m->count == 0 || m->count - 1 > ID_MAX - m->container_id || m->count - 1 > ID_MAX - m->host_id ||
            m->container_id > ID_MAX || m->host_id > ID_MAX)
            return error_text(err, EINVAL, "lxc.idmap = %s %u %u %u is outside the range of ids", kind,
                              m->container_id, m->host_id, m->count);
        for (size_t j = 0; j < i; j++) {
            const struct config_idmap *o = &c->idmaps[j];
            if (o->is_gid == m->is_gid &&
                (idmap_overlap(m->container_id, m->count, o->container_id, o->count) ||
                 idmap_overlap(m->host_id, m->count, o->host_id, o->count)))
                return error_text(err, EINVAL, "lxc.idmap = %s %u %u %u overlaps %s %u %u %u", kind,
                                  m->container_id, m->host_id, m->count, kind, o->container_id, o->host_id,
                                  o->count);
        }
    }
    if (lines[0] > LINES_MAX || lines[1] > LINES_MAX)
        return error_text(err, E2BIG, "lxc.idmap: the kernel accepts at most %d maps of users and of groups",
                          LINES_MAX);
    if (!lines[0] != !lines[1]) {
        error_text(err, EINVAL, "lxc.idmap maps %s",
                   lines[0] ? "users but no groups" : "groups but no users");
        return error_remedy(err, "add the same line with %s", lines[0] ? "g" : "u");
    }
    return 0;
}

int idmap_text(const struct config *c, bool is_gid, struct strbuf *out)
{
    for (size_t i = 0; i < c->idmap_count; i++) {
        const struct config_idmap *m = &c->idmaps[i];
        if (m->is_gid == is_gid &&
            strbuf_printf(out, "%u %u %u\n", m->container_id, m->host_id, m->count) < 0)
            return -ENOMEM;
    }
    return 0;
}
