/* A program of a rootfs: the headers of an ELF file, or the first line of a script, both of any kind. */
#include "tests/fuzz/files.h"

#include <errno.h>

#include "core/base/executable.h"
#include "core/run/passwd.h"
#include "core/storage/template_busybox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = {"/program", "/etc/passwd"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = ERROR_INIT;
    char *shell = NULL;
    int fd, r;

    files_set(paths, sizeof(paths) / sizeof(*paths), data, size);
    (void)executable_architecture(data, size);
    if (executable_refuse(&err, ENOEXEC, "/program", "c") != -ENOEXEC || !err.text[0])
        abort();
    if (passwd_read_shell(0, &shell) == 0 && (shell[0] != '/' || strpbrk(shell, ":\n")))
        abort();
    free(shell);
    /* An ELF file may contain any byte. */
    files_set((const char *const[]){"/program"}, 1, NULL, 0);
    files[0].bytes = data;
    files[0].size = size;
    fd = open("/program", O_RDONLY | O_CLOEXEC);
    r = elf_is_static(fd);
    if (r > 1 || (r < 0 && r != -ENOEXEC))
        abort();
    close(fd);
    return 0;
}
