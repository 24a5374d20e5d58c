#include "core/run/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/cgroup/cgroup.h"
#include "core/cgroup/layout.h"
#include "core/command/command_client.h"
#include "core/base/script.h"
#include "core/run/criu.h"
#include "core/run/init.h"

static int checkpoint_add_cgroups(struct string_list *l, const struct container *c, struct error *err)
{
    cleanup_cgroup_mounts struct cgroup_mounts m = {0};
    cleanup_free char *frozen = NULL;
    int r = cgroup_layout_read(false, NULL, &m, NULL, err);
    bool unified_only = cgroup_layout_of(&m) == CGROUP_UNIFIED;

    for (size_t i = 0; r == 0 && i < m.count; i++) {
        const struct cgroup_mount *h = &m.items[i];
        cleanup_free char *first = strndup(h->controllers, strcspn(h->controllers, ",")), *path = NULL;

        /* A container may have no cgroup in a hierarchy. */
        if (!first || !h->mount_point || command_cgroup_path(c, first, true, &path, NULL) < 0)
            continue;
        if (unified_only)
            r = criu_add(l, "--cgroup-root", strdup(path));
        else if (!h->unified)
            r = criu_add(l, "--cgroup-root", format_string("%s:%s", h->controllers, path));
        if (h->unified ? !frozen : cgroup_controllers_have(h->controllers, "freezer")) {
            free(frozen);
            frozen = format_string("%s%s", h->mount_point, path);
        }
    }
    if (r == 0 && frozen)
        r = criu_add(l, "--freeze-cgroup", take_ptr(frozen));
    return r;
}

/* The other end of /dev/console is ours. Its device numbers, kept in tty.info, let a restore replace it. */
static int checkpoint_add_console(struct string_list *l, int init, const char *directory)
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
        r = criu_add(l, "--ext-mount-map", strdup("/dev/console:console"));
    return r < 0 ? r : criu_add(l, "--external", take_ptr(id));
}

static int checkpoint_check(const struct container *c, const struct config *config,
                            const struct checkpoint_options *o, struct error *err)
{
    int r = criu_check_networks(c, config, err);

    if (r == 0 && !o->pre_dump && criu_has_checkpoint(o)) {
        error_text(err, EEXIST, "%s holds a checkpoint already", o->directory);
        return error_remedy(err, "name another directory with -D");
    }
    return r;
}

/* The monitor ends later than criu does; the container can be started again only after that. */
static int checkpoint_wait(const struct container *c, struct error *err)
{
    cleanup_fd int subscription = -1;
    int r = command_subscribe(c, 1u << STATE_STOPPED, false, &subscription, err);

    if (r == STATE_COUNT)
        r = command_wait(subscription, -1, err);
    return r < 0 ? r : 0;
}

int container_checkpoint(const struct container *c, struct config *config, const struct checkpoint_options *o,
                         struct error *err)
{
    cleanup_string_list struct string_list l = {0};
    const char *action = o->pre_dump ? "pre-dump" : "dump";
    int init = init_pid(c, err), r = init < 0 ? init : checkpoint_check(c, config, o, err);

    if (r < 0)
        return r;
    r = make_directories(o->directory, 0700);
    if (r < 0)
        return error_set(err, r, "cannot make the directory %s", o->directory);
    error_clear(err);
    r = criu_check_directory(o, err);
    if (r == 0)
        r = criu_add_common(&l, o, action, false);
    if (r == 0)
        r = criu_add(&l, "-t", format_string("%d", init));
    if (r == 0)
        r = checkpoint_add_cgroups(&l, c, err);
    if (r == 0)
        r = criu_add_mounts(&l, config, false, err);
    if (r == 0)
        r = checkpoint_add_console(&l, init, o->directory);
    if (r == 0 && o->previous)
        r = criu_add(&l, "--track-mem", strdup("--prev-images-dir"));
    if (r == 0 && o->previous)
        r = string_list_add(&l, o->previous);
    if (r == 0 && !o->pre_dump && !o->stop)
        r = string_list_add(&l, "--leave-running");
    if (r < 0)
        return err && err->code ? r : error_set(err, r, "cannot checkpoint %s", c->name);
    r = script_run(o->pre_dump ? "criu pre-dump" : "criu dump", l.items, NULL, "criu", err);
    if (r == -ENOENT)
        return error_remedy(err, "install criu");
    if (r == -ECANCELED)
        return error_remedy(err, "see %s/%s.log", o->directory, action);
    return r == 0 && o->stop && !o->pre_dump ? checkpoint_wait(c, err) : r;
}
