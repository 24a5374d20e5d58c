#include "core/base/executable.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"

#define HEAD_MAX 256 /* bytes: binfmt_script reads as many */

/* Class and byte order distinguish architectures that share a machine number. */
static const struct {
    uint16_t machine;
    uint8_t class, data; /* 0: any */
    const char *name;
} architectures[] = {
    {EM_386, 0, 0, "i386"},
    {EM_X86_64, ELFCLASS32, 0, "x32"},
    {EM_X86_64, 0, 0, "x86_64"},
    {EM_ARM, 0, 0, "arm"},
    {EM_AARCH64, 0, 0, "aarch64"},
    {EM_RISCV, ELFCLASS32, 0, "riscv32"},
    {EM_RISCV, 0, 0, "riscv64"},
    {EM_PPC, 0, 0, "ppc"},
    {EM_PPC64, 0, ELFDATA2LSB, "ppc64le"},
    {EM_PPC64, 0, 0, "ppc64"},
    {EM_S390, 0, 0, "s390x"},
    {EM_MIPS, ELFCLASS64, 0, "mips64"},
    {EM_MIPS, 0, ELFDATA2LSB, "mipsel"},
    {EM_MIPS, 0, 0, "mips"},
    {258 /* EM_LOONGARCH */, 0, 0, "loongarch64"},
    {EM_SPARCV9, 0, 0, "sparc64"},
};

const char *executable_architecture(const void *bytes, size_t length)
{
    const uint8_t *head = bytes;
    size_t at = offsetof(Elf32_Ehdr, e_machine);
    unsigned machine;

    if (length < at + 2 || memcmp(head, ELFMAG, SELFMAG) != 0)
        return NULL;
    machine = head[EI_DATA] == ELFDATA2MSB ? (unsigned)head[at] << 8 | head[at + 1]
                                           : (unsigned)head[at + 1] << 8 | head[at];
    for (size_t i = 0; i < ARRAY_LENGTH(architectures); i++)
        if (architectures[i].machine == machine &&
            (!architectures[i].class || architectures[i].class == head[EI_CLASS]) &&
            (!architectures[i].data || architectures[i].data == head[EI_DATA]))
            return architectures[i].name;
    return "an unknown architecture";
}

/* Read the first bytes of a file. Returns their number or a negative errno. */
static ssize_t executable_read(const char *path, char head[HEAD_MAX])
{
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    return fd < 0 ? -errno : read_all(fd, head, HEAD_MAX);
}

/* The same for the file of a command, which is searched in PATH if it has no slash. */
static ssize_t executable_find(const char *command, char head[HEAD_MAX])
{
    const char *path = getenv("PATH");
    char file[4096];
    ssize_t n = -ENOENT;

    if (strchr(command, '/') || !path)
        return executable_read(command, head);
    for (const char *part = path, *end; n < 0 && *part; part = *end ? end + 1 : end) {
        end = strchrnul(part, ':');
        if ((size_t)snprintf(file, sizeof(file), "%.*s/%s", (int)(end - part), part, command) < sizeof(file))
            n = executable_read(file, head);
    }
    return n;
}

/* The architecture of a command's program, or of the interpreter if the command is a script. */
static const char *executable_command_architecture(const char *command)
{
    char head[HEAD_MAX + 1];
    ssize_t n = executable_find(command, head);

    if (n > 2 && head[0] == '#' && head[1] == '!') {
        char *interpreter = head + 2, interpreter_head[HEAD_MAX];

        head[n] = '\0';
        interpreter += strspn(interpreter, " \t");
        interpreter[strcspn(interpreter, " \t\n")] = '\0';
        n = executable_read(interpreter, interpreter_head);
        return n < 0 ? NULL : executable_architecture(interpreter_head, (size_t)n);
    }
    return n < 0 ? NULL : executable_architecture(head, (size_t)n);
}

int executable_refuse(struct error *err, int errnum, const char *command, const char *container)
{
    const char *in = container ? " in " : "", *theirs;
    struct utsname ours;

    if (!container)
        container = "";
    if (errnum != ENOEXEC || uname(&ours) < 0)
        return error_set(err, errnum, "cannot execute %s%s%s", command, in, container);
    theirs = executable_command_architecture(command);
    if (!theirs) {
        error_set(err, errnum, "cannot execute %s%s%s", command, in, container);
        return error_remedy(err, "a program is an ELF file, a script begins with #! and an interpreter");
    }
    error_text(err, errnum, "cannot execute %s%s%s: it is a program for %s, and this machine is %s", command,
               in, container, theirs, ours.machine);
    return error_remedy(err, "use an image for %s, or set up qemu-user with binfmt_misc", ours.machine);
}
