#include "fetch/index/index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "core/base/cleanup.h"

#define IMAGES_MAX 100000

void image_list_free(struct image_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].dist); /* one block contains all of its texts: image_list_add */
    free(list->items);
    *list = (struct image_list){0};
}

/* The size is doubled at each power of two. */
static int index_make_room(struct image_list *list)
{
    size_t count = list->count;
    struct image_entry *items;

    if (count >= IMAGES_MAX)
        return -EFBIG;
    if (count & (count - 1))
        return 0;
    items = realloc(list->items, (count ? 2 * count : 1) * sizeof(*items));
    if (!items)
        return -ENOMEM;
    list->items = items;
    return 0;
}

int image_list_add(struct image_list *list, const char *dist, const char *release, const char *arch,
                   const char *variant, const char *build, const char *path)
{
    const char *texts[] = {dist, release, arch, variant, build, path};
    size_t length = 0;
    char *at, *copies[6];
    int r = index_make_room(list);

    if (r)
        return r;
    for (int i = 0; i < 6; i++)
        length += strlen(texts[i]) + 1;
    at = malloc(length);
    if (!at)
        return -ENOMEM;
    for (int i = 0; i < 6; i++) {
        copies[i] = at;
        at = stpcpy(at, texts[i]) + 1;
    }
    list->items[list->count++] =
        (struct image_entry){copies[0], copies[1], copies[2], copies[3], copies[4], copies[5]};
    return 0;
}

static bool index_matches(const char *wanted, const char *is)
{
    return !wanted || strcmp(wanted, is) == 0;
}

const char *image_arch(const char *name)
{
    static const char names[][2][12] = {
        {"x86_64", "amd64"},        {"aarch64", "arm64"},  {"i486", "i386"},    {"i586", "i386"},
        {"i686", "i386"},           {"x86", "i386"},       {"armv7l", "armhf"}, {"armv8l", "armhf"},
        {"armv6l", "armel"},        {"armv5tel", "armel"}, {"mips", "mipsel"},  {"ppc64le", "ppc64el"},
        {"loongarch64", "loong64"},
    };
    static struct utsname machine;

    if (!name && uname(&machine) == 0)
        name = machine.machine;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(names[i][0], name) == 0)
            return names[i][1];
    return name;
}

bool image_matches(const struct image_name *filter, const char *dist, const char *release, const char *arch,
                   const char *variant)
{
    return !filter || (index_matches(filter->dist, dist) && index_matches(filter->release, release) &&
                       index_matches(filter->arch ? image_arch(filter->arch) : NULL, image_arch(arch)) &&
                       index_matches(filter->variant, variant));
}

bool image_name_is_safe(const char *text)
{
    const unsigned char *name = (const unsigned char *)text;

    if (!*name || *name == '.' || strlen(text) > 128)
        return false;
    for (; *name; name++)
        if (*name == '/' || *name <= ' ' || *name >= 0x7f)
            return false;
    return true;
}

/* Take a complete, terminated line. */
static int index_take_line(struct index_reader *reader)
{
    char *fields[6], *at = reader->line, *path, *end;

    for (int i = 0; i < 6; i++) {
        fields[i] = at;
        if (!at)
            return 0;
        at = strchr(at, ';');
        if (at)
            *at++ = '\0';
    }
    if (!image_matches(reader->filter, fields[0], fields[1], fields[2], fields[3]))
        return 0;
    for (int i = 0; i < 5; i++)
        if (!image_name_is_safe(fields[i]))
            return 0;
    path = fields[5] + strspn(fields[5], "/");
    end = path + strlen(path);
    while (end > path && (end[-1] == '/' || end[-1] == ' '))
        *--end = '\0';
    if (!*path)
        return 0;
    return image_list_add(&reader->list, fields[0], fields[1], fields[2], fields[3], fields[4], path);
}

int index_feed(struct index_reader *reader, const void *bytes, size_t length)
{
    const char *at = bytes;

    for (size_t i = 0; i < length; i++) {
        if (at[i] == '\n') {
            int r = index_end(reader);

            if (r)
                return r;
        } else if (at[i] == '\r') {
            continue;
        } else if (reader->length == sizeof(reader->line) - 1 || (unsigned char)at[i] < ' ') {
            reader->no_image = true;
        } else {
            reader->line[reader->length++] = at[i];
        }
    }
    return 0;
}

int index_end(struct index_reader *reader)
{
    int r = 0;

    reader->line[reader->length] = '\0';
    if (reader->length > 0 && !reader->no_image)
        r = index_take_line(reader);
    reader->length = 0;
    reader->no_image = false;
    return r;
}

void index_reader_free(struct index_reader *reader)
{
    image_list_free(&reader->list);
}
