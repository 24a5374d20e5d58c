#include "core/run/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/cgroup/layout.h"
#include "core/run/command_client.h"
#include "core/run/hooks.h"
#include "core/run/mounts.h"

/* What LXC's criu.c has for every container. */
static const char *const always[] = {
    "--tcp-established",
    "--file-locks",
    "--link-remap",
    "--manage-cgroups=full",
    "--ext-mount-map",
    "auto",
    "--enable-external-sharing",
    "--enable-external-masters",
    "--enable-fs",
    "hugetlbfs",
    "--enable-fs",
    "tracefs",
    "--skip-in-flight",
    "--force-irmap",
};

/* An option and its value, which is taken over. */
static int add(struct string_list *l, const char *option, char *value)
{
    int r = string_list_add(l, option), taken = string_list_take(l, value);

    return r < 0 ? r : taken;
}

static int add_cgroups(struct string_list *l, const struct container *c, struct error *err)
{
    cleanup_cgroup_mounts struct cgroup_mounts m = {0};
    cleanup_free char *frozen = NULL;
    int r = cgroup_layout_read(false, NULL, &m, NULL, err);
    bool unified_only = cgroup_layout_of(&m) == CGROUP_UNIFIED;

    for (size_t i = 0; r == 0 && i < m.count; i++) {
        const struct cgroup_mount *h = &m.items[i];
        cleanup_free char *first = strndup(h->controllers, strcspn(h->controllers, ",")), *path = NULL;

        /* Not every hierarchy of the host is every container's. */
        if (!first || !h->mount_point || command_cgroup_path(c, first, true, &path, NULL) < 0)
            continue;
        if (unified_only)
            r = add(l, "--cgroup-root", strdup(path));
        else if (!h->unified)
            r = add(l, "--cgroup-root", format_string("%s:%s", h->controllers, path));
        if (h->unified ? !frozen : cgroup_controllers_have(h->controllers, "freezer")) {
            free(frozen);
            frozen = format_string("%s%s", h->mount_point, path);
        }
    }
    if (r == 0 && frozen)
        r = add(l, "--freeze-cgroup", take_ptr(frozen));
    return r;
}

/* What is bound in from outside is not criu's to keep; its name in the images is its place inside. */
static int add_mounts(struct string_list *l, struct config *config, struct error *err)
{
    int r = config_load_fstab(config, err);

    for (size_t i = 0; r == 0 && i < config->mount_count; i++) {
        const char *target = config->mounts[i].target;
        cleanup_mount_options struct mount_options o = {0};

        r = mount_options_parse(config->mounts[i].options, &o, err);
        if (r == 0 && o.flags & MS_BIND)
            r = add(l, "--ext-mount-map", format_string("/%s:%s", target, target));
    }
    return r;
}

/* The other end of /dev/console is ours, and its numbers tell who restores what to put there. */
static int add_console(struct string_list *l, int init, const char *directory)
{
    cleanup_free char *root = format_string("/proc/%d/root", init), *id = NULL;
    cleanup_free char *file = format_string("%s/tty.info", directory);
    cleanup_fd int rootfd = root ? open(root, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    cleanup_fd int console = rootfd < 0 ? -1 : rootfs_open(rootfd, "dev/console", O_PATH | O_NOFOLLOW, 0);
    struct stat st;
    int r;

    if (console < 0 || fstat(console, &st) < 0 || !S_ISCHR(st.st_mode))
        return 0;
    id = format_string("tty[%llx:%llx]", (unsigned long long)st.st_rdev, (unsigned long long)st.st_dev);
    if (!file || !id)
        return -ENOMEM;
    r = file_replace(AT_FDCWD, file, id, strlen(id), 0644);
    if (r == 0)
        r = add(l, "--ext-mount-map", strdup("/dev/console:console"));
    return r < 0 ? r : add(l, "--external", take_ptr(id));
}

static int check(const struct container *c, const struct config *config, const struct checkpoint_options *o,
                 struct error *err)
{
    cleanup_free char *inventory = format_string("%s/inventory.img", o->directory);

    for (size_t i = 0; i < config->net_count; i++)
        if (config->nets[i].type == NET_IPVLAN || config->nets[i].type == NET_VLAN)
            return error_text(err, ENOTSUP,
                              "cannot checkpoint %s: criu knows no network of the kind of lxc.net.%u",
                              c->name, config->nets[i].index);
    if (inventory && !o->pre_dump && access(inventory, F_OK) == 0) {
        error_text(err, EEXIST, "%s holds a checkpoint already", o->directory);
        return error_remedy(err, "name another folder with -D");
    }
    return 0;
}

int container_checkpoint(const struct container *c, struct config *config, const struct checkpoint_options *o,
                         struct error *err)
{
    cleanup_string_list struct string_list l = {0};
    const char *action = o->pre_dump ? "pre-dump" : "dump";
    int init = command_init_pid(c, err), r = init < 0 ? init : check(c, config, o, err);

    if (r < 0)
        return r;
    r = make_directories(o->directory, 0700);
    if (r < 0)
        return error_set(err, r, "cannot make the folder %s", o->directory);
    error_clear(err);
    for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(always); i++)
        r = string_list_add(&l, always[i]);
    if (r == 0)
        r = add(&l, "-D", strdup(o->directory));
    if (r == 0)
        r = add(&l, "-o", format_string("%s/%s.log", o->directory, action));
    if (r == 0)
        r = add(&l, "-t", format_string("%d", init));
    if (r == 0)
        r = add_cgroups(&l, c, err);
    if (r == 0)
        r = add_mounts(&l, config, err);
    if (r == 0)
        r = add_console(&l, init, o->directory);
    if (r == 0 && o->previous)
        r = add(&l, "--track-mem", strdup("--prev-images-dir"));
    if (r == 0 && o->previous)
        r = string_list_add(&l, o->previous);
    if (r == 0 && o->script)
        r = add(&l, "--action-script", strdup(o->script));
    if (r == 0 && o->verbose)
        r = string_list_add(&l, "-vvvvvv");
    if (r == 0 && !o->pre_dump && !o->stop)
        r = string_list_add(&l, "--leave-running");
    if (r < 0)
        return err && err->code ? r : error_set(err, r, "cannot checkpoint %s", c->name);
    r = script_run(o->pre_dump ? "criu pre-dump" : "criu dump", l.items, NULL, "criu", err);
    if (r == -ENOENT)
        return error_remedy(err, "install criu");
    return r == -ECANCELED ? error_remedy(err, "%s/%s.log says why", o->directory, action) : r;
}
