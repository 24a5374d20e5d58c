/* Detect and report insufficient memory: processes killed by the kernel, or a full tmpfs. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>

#include "applets/init/init.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"

#define TMPFS_MAGIC 0x01021994 /* linux/magic.h */
#define MB          (UINT64_C(1) << 20)
#define STEP_MB     256 /* the report rounds up to a multiple of this */

uint64_t init_memory_kills(void)
{
    cleanup_free char *text = NULL;
    const char *line = NULL;

    /* Since Linux 4.13. */
    if (file_read(AT_FDCWD, "/proc/vmstat", 1 << 20, &text, NULL) == 0)
        line = strstr(text, "\noom_kill ");
    return line ? strtoull(line + 10, NULL, 10) : 0;
}

void init_report_memory(uint64_t kills_before)
{
    bool killed = init_memory_kills() > kills_before, full;
    struct sysinfo info;
    struct statfs fs;
    uint64_t total, files, wanted;

    if (sysinfo(&info) < 0 || statfs("/var", &fs) < 0)
        return;
    full = fs.f_type == TMPFS_MAGIC && fs.f_bavail < fs.f_blocks / 50;
    if (!killed && !full)
        return;
    total = (uint64_t)info.totalram * info.mem_unit / MB;
    files = fs.f_type == TMPFS_MAGIC ? (uint64_t)(fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize / MB : 0;
    /* The files filled the memory, and the size of the missing rest is not known: assume the same size. */
    wanted = (total + (files ? files : total) + STEP_MB - 1) / STEP_MB * STEP_MB;
    init_print("%s: of %llu MB, files in memory take %llu MB (give the machine about %llu MB%s)",
               killed ? "the kernel has killed a process for lack of memory" : "the memory is full",
               (unsigned long long)total, (unsigned long long)files, (unsigned long long)wanted,
               fs.f_type == TMPFS_MAGIC ? ", or name a disk with lxc.data=" : "");
}
