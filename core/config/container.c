#include "core/config/container.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"

#define ROOTS_LXCPATH "/var/lib/lxc"

static const char *const states[STATE_COUNT] = {"STOPPED",  "STARTING", "RUNNING", "STOPPING",
                                                "ABORTING", "FREEZING", "FROZEN",  "THAWED"};

const char *state_name(int state)
{
    return state >= 0 && state < STATE_COUNT ? states[state] : NULL;
}

int state_parse(const char *word, struct error *err)
{
    for (int i = 0; i < STATE_COUNT; i++)
        if (strcasecmp(word, states[i]) == 0)
            return i;
    error_text(err, EINVAL, "\"%s\" is not a container state", word);
    return error_remedy(
        err, "states are STOPPED, STARTING, RUNNING, STOPPING, ABORTING, FREEZING, FROZEN, THAWED");
}

int container_check_name(const char *name, struct error *err)
{
    size_t length = strlen(name);
    bool good = length > 0 && length <= 128 && name[0] != '.' && !strchr(name, '/');

    /* Names appear in lists, cgroup files and configurations, where a line break would start a new entry. */
    good = good && !text_has_control(name) && !strchr(name, '\t');
    if (good)
        return 0;
    error_text(err, EINVAL, "\"%s\" is not a valid container name", name);
    return error_remedy(err, "use 1 to 128 bytes, without '/' and control bytes, not starting with '.'");
}

int container_check_text(const char *text, struct error *err)
{
    if (!text_has_control(text))
        return 0;
    error_text(err, EINVAL, "\"%s\" has a control character in it", text);
    return error_remedy(err, "use a path without line breaks");
}

char *container_path(const struct container *c, const char *file)
{
    return format_string(file ? "%s/%s/%s" : "%s/%s", c->lxcpath, c->name, file);
}

char *container_config_path(const struct container *c)
{
    return c->rcfile ? strdup(c->rcfile) : container_path(c, "config");
}

bool container_is_defined(const struct container *c)
{
    cleanup_free char *path = container_config_path(c);

    return path && access(path, F_OK) == 0;
}

int container_denied(const char *path, struct error *err)
{
    cleanup_free char *seen = strdup(path);
    const struct passwd *owner;
    struct stat st;
    char *slash;

    while (seen && stat(seen, &st) < 0 && (slash = strrchr(seen, '/')) && slash > seen)
        *slash = '\0';
    if (!seen || stat(seen, &st) < 0 || st.st_uid == geteuid())
        return err ? err->code : -EACCES;
    if (st.st_uid == 0)
        return error_remedy(err, "you are not root; %s belongs to root", seen);
    owner = getpwuid(st.st_uid);
    if (owner)
        return error_remedy(err, "%s belongs to %s", seen, owner->pw_name);
    return error_remedy(err, "%s belongs to user %u", seen, st.st_uid);
}

int container_absent(const struct container *c, const char *remedy, struct error *err)
{
    cleanup_free char *path = container_config_path(c), *roots = format_string(ROOTS_LXCPATH "/%s", c->name);
    struct stat st;

    if (!path || !roots)
        return error_set(err, ENOMEM, "cannot find container %s", c->name);
    if (access(path, F_OK) < 0 && errno == EACCES) {
        error_set(err, EACCES, "cannot read container %s in %s", c->name, c->lxcpath);
        return container_denied(path, err);
    }
    error_text(err, ENOENT, "there is no container %s in %s", c->name, c->lxcpath);
    remedy = remedy ? remedy : "run lxc-ls to list containers, or name another directory with -P";
    if (geteuid() == 0 || strcmp(c->lxcpath, ROOTS_LXCPATH) == 0)
        return error_remedy(err, "%s", remedy);
    if (stat(roots, &st) == 0)
        return error_remedy(err, "you are not root; %s belongs to root", roots);
    if (errno == EACCES)
        return error_remedy(err, "%s; you are not root and cannot see the containers in " ROOTS_LXCPATH,
                            remedy);
    return error_remedy(err, "%s", remedy);
}
