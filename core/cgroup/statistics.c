/* Resource usage of a container. Source: cgroup-v1/{memory,cpuacct,blkio-controller}.rst, cgroup-v2.rst. */
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/cgroup/cgroup.h"

/* Read a file from the first cgroup that has it. NULL if none has. */
static char *statistics_read(const int *fds, size_t count, const char *file)
{
    char *text = NULL;

    for (size_t i = 0; i < count; i++)
        if (cgroup_file_read(fds[i], file, 1u << 20, &text) == 0)
            return text;
    return NULL;
}

/* Read a file that contains one number. */
static int64_t statistics_read_number(const int *fds, size_t count, const char *file)
{
    cleanup_free char *text = statistics_read(fds, count, file);
    int64_t number;

    if (!text)
        return -1;
    text[strcspn(text, "\n")] = '\0';
    return parse_int64(text, 10, 0, INT64_MAX, &number) < 0 ? -1 : number;
}

static int64_t statistics_parse_number(const char *text)
{
    char number[24];
    size_t length = strspn(text, "0123456789");
    int64_t out;

    if (length >= sizeof(number))
        return -1;
    memcpy(number, text, length);
    number[length] = '\0';
    return parse_int64(number, 10, 0, INT64_MAX, &out) < 0 ? -1 : out;
}

/* The sum of the numbers after each occurrence of `key` ("rbytes="); -1 if there is none. */
static int64_t statistics_sum(const char *text, const char *key)
{
    int64_t sum = -1;

    for (const char *p = text; (p = strstr(p, key));) {
        int64_t number;

        p += strlen(key);
        number = statistics_parse_number(p);
        if (number >= 0 && number <= INT64_MAX - (sum < 0 ? 0 : sum))
            sum = (sum < 0 ? 0 : sum) + number;
    }
    return sum;
}

static int64_t statistics_memory(const int *fds, size_t count)
{
    int64_t bytes = statistics_read_number(fds, count, "memory.usage_in_bytes");

    return bytes >= 0 ? bytes : statistics_read_number(fds, count, "memory.current");
}

static int64_t statistics_kernel_memory(const int *fds, size_t count)
{
    int64_t bytes = statistics_read_number(fds, count, "memory.kmem.usage_in_bytes");
    cleanup_free char *text = NULL;

    if (bytes >= 0)
        return bytes;
    /* v2 since Linux 5.18. */
    text = statistics_read(fds, count, "memory.stat");
    return text ? statistics_sum(text, "\nkernel ") : -1;
}

static int64_t statistics_cpu(const int *fds, size_t count)
{
    int64_t ns = statistics_read_number(fds, count, "cpuacct.usage");

    if (ns >= 0)
        return ns;
    /* A v1 cpu controller also has a cpu.stat, with throttling statistics. */
    for (size_t i = 0; i < count; i++) {
        cleanup_free char *text = statistics_read(&fds[i], 1, "cpu.stat");
        int64_t us = text ? statistics_sum(text, "usage_usec ") : -1;
        if (us >= 0 && us <= INT64_MAX / 1000)
            return us * 1000;
    }
    return -1;
}

static int64_t statistics_block_io(const int *fds, size_t count)
{
    static const char *const v1[] = {"blkio.throttle.io_service_bytes", "blkio.io_service_bytes"};
    cleanup_free char *text = NULL;
    int64_t read, written;

    for (size_t i = 0; i < ARRAY_LENGTH(v1); i++) {
        cleanup_free char *totals = statistics_read(fds, count, v1[i]);
        /* "MAJOR:MINOR Total N" for each device, and finally "Total N" for all devices. */
        const char *total = NULL;

        for (const char *p = totals; p && (p = strstr(p, "Total ")); p++)
            total = p;
        if (total)
            return statistics_parse_number(total + 6);
    }
    text = statistics_read(fds, count, "io.stat");
    if (!text)
        return -1;
    read = statistics_sum(text, "rbytes=");
    written = statistics_sum(text, "wbytes=");
    read = read < 0 ? 0 : read;
    written = written < 0 ? 0 : written;
    return read <= INT64_MAX - written ? read + written : INT64_MAX;
}

void cgroup_read_statistics(const int *fds, size_t count, struct cgroup_statistics *out)
{
    *out = (struct cgroup_statistics){
        .memory_bytes = statistics_memory(fds, count),
        .kernel_memory_bytes = statistics_kernel_memory(fds, count),
        .cpu_ns = statistics_cpu(fds, count),
        .block_io_bytes = statistics_block_io(fds, count),
    };
}

/* In units of 1/100 s, independent of the clock of the kernel: cpuacct.rst. */
#define USER_HZ 100

static void statistics_cpu_details(const int *fds, size_t count, struct cgroup_details *out)
{
    cleanup_free char *v1 = statistics_read(fds, count, "cpuacct.stat");

    out->cpu_user_us = out->cpu_system_us = -1;
    if (v1) {
        int64_t user = statistics_sum(v1, "user "), system = statistics_sum(v1, "system ");
        out->cpu_user_us = user < 0 ? -1 : user * (1000000 / USER_HZ);
        out->cpu_system_us = system < 0 ? -1 : system * (1000000 / USER_HZ);
        return;
    }
    for (size_t i = 0; i < count && out->cpu_user_us < 0; i++) {
        cleanup_free char *text = statistics_read(&fds[i], 1, "cpu.stat");
        out->cpu_user_us = text ? statistics_sum(text, "user_usec ") : -1;
        out->cpu_system_us = text ? statistics_sum(text, "system_usec ") : -1;
    }
}

static void statistics_block_details(const int *fds, size_t count, struct cgroup_details *out)
{
    cleanup_free char *v1 = statistics_read(fds, count, "blkio.throttle.io_service_bytes");
    cleanup_free char *operations = statistics_read(fds, count, "blkio.throttle.io_serviced");
    cleanup_free char *v2 = v1 ? NULL : statistics_read(fds, count, "io.stat");
    const char *total = operations ? strstr(operations, "\nTotal ") : NULL;

    out->block_read_bytes = v1 ? statistics_sum(v1, " Read ") : v2 ? statistics_sum(v2, "rbytes=") : -1;
    out->block_written_bytes = v1 ? statistics_sum(v1, " Write ") : v2 ? statistics_sum(v2, "wbytes=") : -1;
    out->block_operations = total ? statistics_parse_number(total + 7) : -1;
}

void cgroup_read_details(const int *fds, size_t count, struct cgroup_details *out)
{
    int64_t swap = statistics_read_number(fds, count, "memory.memsw.usage_in_bytes");

    statistics_cpu_details(fds, count, out);
    statistics_block_details(fds, count, out);
    out->memory_swap_bytes = swap >= 0 ? swap : statistics_read_number(fds, count, "memory.swap.current");
}
