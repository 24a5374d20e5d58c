#include "core/base/title.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"

/*
 * PR_SET_MM_MAP sets the whole map, so the other members get their current values: fields of /proc/self/stat,
 * numbered as in proc(5).
 */
enum {
    START_CODE = 26,
    END_CODE,
    START_STACK,
    START_DATA = 45,
    END_DATA,
    START_BRK,
    ARG_START,
    ARG_END,
    ENV_START,
    ENV_END,
    FIELDS
};

void title_set(const char *title)
{
    cleanup_free char *text = NULL;
    uint64_t field[FIELDS] = {0};
    char *p;

    if (file_read(AT_FDCWD, "/proc/self/stat", 4096, &text, NULL) < 0 || !(p = strrchr(text, ')')))
        return;
    p += 3; /* skip the state, field 3 */
    for (int i = 4; i < FIELDS; i++)
        field[i] = strtoull(p + 1, &p, 10);

    struct prctl_mm_map map = {
        .start_code = field[START_CODE],
        .end_code = field[END_CODE],
        .start_data = field[START_DATA],
        .end_data = field[END_DATA],
        .start_brk = field[START_BRK],
        .brk = (unsigned long)syscall(SYS_brk, 0),
        .start_stack = field[START_STACK],
        .arg_start = (uintptr_t)title,
        .arg_end = (uintptr_t)title + strlen(title) + 1,
        .env_start = field[ENV_START],
        .env_end = field[ENV_END],
        .exe_fd = (uint32_t)-1,
    };
    if (prctl(PR_SET_MM, PR_SET_MM_MAP, (unsigned long)&map, sizeof(map), 0) == 0)
        return;
#if UINTPTR_MAX == UINT32_MAX
    /* For a 32-bit program, a 64-bit kernel accepts only its own struct, which has a wider pointer. */
    struct {
        uint64_t fields[offsetof(struct prctl_mm_map, auxv) / 8], auxv;
        uint32_t auxv_size, exe_fd;
    } wide = {.exe_fd = map.exe_fd};

    memcpy(wide.fields, &map, sizeof(wide.fields));
    (void)prctl(PR_SET_MM, PR_SET_MM_MAP, (unsigned long)&wide, sizeof(wide), 0);
#endif
}
