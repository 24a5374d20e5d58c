/* lxc-update-config: update a configuration of LXC before 3.0. See lxc-update-config.1. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/cli/applet.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/config/config.h"
#include "core/config/legacy.h"

#define FILE_MAX (1U << 20)

struct lxc_update_config_options {
    const char *config;
};

static const struct option_row lxc_update_config_table[] = {
    OPT_STRING('c', "config", "FILE", struct lxc_update_config_options, config,
               "the configuration to update"),
    OPT_END,
};

static int update_replace_file(const char *path, const char *text, size_t length, struct error *err)
{
    struct stat status;
    int r = stat(path, &status) < 0 ? -errno : 0;

    if (r == 0)
        r = file_replace(AT_FDCWD, path, text, length, status.st_mode & 07777);
    if (r == 0 && chown(path, status.st_uid, status.st_gid) < 0)
        r = -errno;
    return r < 0 ? error_set(err, r, "cannot write %s", path) : 0;
}

/* Read the new file as a start would, and report errors now. */
static int update_check(const char *path, const char *backup, struct error *err)
{
    cleanup_config struct config c;
    int r;

    config_init(&c);
    r = config_read_file(&c, path, err);
    if (r < 0 && !err->remedy[0])
        error_remedy(err, "correct that line; the old file is %s", backup);
    return r;
}

static int lxc_update_config_run(struct invocation *in, struct error *err)
{
    const struct lxc_update_config_options *o = in->options;
    cleanup_free char *text = NULL, *backup = NULL;
    cleanup_strbuf struct strbuf updated = STRBUF_INIT;
    size_t length;
    int r;

    if (operands_check(in, err) < 0)
        return err->code;
    if (!o->config) {
        error_text(err, EINVAL, "no configuration to update");
        return error_remedy(err, "name it with -c FILE");
    }
    backup = format_string("%s.backup", o->config);
    if (!backup)
        return error_set(err, ENOMEM, "cannot update %s", o->config);
    r = file_read(AT_FDCWD, o->config, FILE_MAX, &text, &length);
    if (r < 0)
        return error_set(err, r, "cannot read %s", o->config);
    if (strlen(text) != length)
        return error_text(err, EINVAL, "%s is not a text file: it contains a zero byte", o->config);
    if (legacy_update(text, &updated) < 0)
        return error_set(err, ENOMEM, "cannot update %s", o->config);
    r = file_replace(AT_FDCWD, backup, text, length, 0644);
    if (r < 0)
        return error_set(err, r, "cannot write %s", backup);
    r = update_replace_file(o->config, strbuf_text(&updated), updated.length, err);
    return r < 0 ? r : update_check(o->config, backup, err);
}

APPLET(lxc_update_config, .name = "lxc-update-config", .summary = "Update a configuration of LXC before 3.0",
       .usage = "-c FILE", .options = lxc_update_config_table,
       .options_size = sizeof(struct lxc_update_config_options), .run = lxc_update_config_run);
