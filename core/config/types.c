/* The value types that several keys use. */
#include "core/config/keys.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

#include "core/base/cleanup.h"

#define AUTO_BUFFER_SIZE (1U << 17)
#define SMALLEST_BUFFER  4096U /* a page */
#define LARGEST_BUFFER   (UINT64_C(1) << 62)

int setting_refuse(const struct setting *s, struct error *err, const char *wanted)
{
    return error_text(err, EINVAL, "%s takes %s, not \"%s\"", s->name, wanted, s->value);
}

int setting_no_memory(const struct setting *s, struct error *err)
{
    return error_set(err, ENOMEM, "cannot keep %s", s->name);
}

int setting_keep(char **member, const char *value, const struct setting *s, struct error *err)
{
    char *copy = strdup(value);

    if (!copy)
        return setting_no_memory(s, err);
    free(*member);
    *member = copy;
    return 0;
}

int setting_number(const char *text, uint64_t max, uint64_t *out)
{
    return parse_uint64(text + (*text == '+'), 0, max, out) < 0 ? -EINVAL : 0;
}

char *next_word(char **rest)
{
    char *word;

    do {
        word = strsep(rest, " \t");
    } while (word && !*word);
    return word;
}

/* Doubling at each power of two makes long lists efficient without a capacity member. */
size_t array_capacity(size_t count)
{
    size_t room = 1;

    while (room < count)
        room *= 2;
    return room;
}

void *array_grow(void *items, size_t count, size_t size)
{
    return count && array_capacity(count) > count ? items : realloc(items, array_capacity(count + 1) * size);
}

char *path_simplify(const char *path)
{
    char *out = malloc(strlen(path) + 1), *to = out;
    const char *from = path;

    if (!out)
        return NULL;
    while (*from) {
        size_t part;
        bool slash = *from == '/';

        from += strspn(from, "/");
        part = strcspn(from, "/");
        if (part == 1 && *from == '.' && (slash || from[1] == '/')) {
            from += part;
            if (to == out && !slash)
                from += strspn(from, "/"); /* "./a" is "a" */
            continue;
        }
        if (part && slash)
            *to++ = '/';
        memcpy(to, from, part);
        to += part;
        from += part;
    }
    if (to == out && *path == '/')
        *to++ = '/';
    else if (to == out && *path)
        *to++ = '.';
    *to = '\0';
    return out;
}

/* --- Strings and paths --- */

int string_set(void *holder, const struct setting *s, char **kept, struct error *err)
{
    (void)kept;
    if (s->key->limit && strlen(s->value) > s->key->limit)
        return error_text(err, ENAMETOOLONG, "%s takes at most %u bytes", s->name, s->key->limit);
    return setting_keep(MEMBER(holder, s, char *), s->value, s, err);
}

int string_get(const void *holder, const struct setting *s, struct strbuf *out)
{
    const char *value = *CONST_MEMBER(holder, s, char *);

    return value ? strbuf_puts(out, value) : 0;
}

void string_clear(void *holder, const struct setting *s)
{
    char **member = MEMBER(holder, s, char *);

    free(*member);
    *member = NULL;
}

const struct key_type type_string = {.set = string_set, .get = string_get, .clear = string_clear};

int path_set(void *holder, const struct setting *s, char **kept, struct error *err)
{
    cleanup_free char *path = path_simplify(s->value);

    (void)kept;
    if (!path)
        return setting_no_memory(s, err);
    if (strlen(path) >= PATH_MAX)
        return error_text(err, ENAMETOOLONG, "%s takes a path of at most %d bytes", s->name, PATH_MAX - 1);
    string_clear(holder, s);
    *MEMBER(holder, s, char *) = take_ptr(path);
    return 0;
}

const struct key_type type_path = {.set = path_set, .get = string_get, .clear = string_clear};

/* --- Numbers --- */

static int get_bool(const void *holder, const struct setting *s, struct strbuf *out)
{
    return strbuf_puts(out, *CONST_MEMBER(holder, s, bool) ? "1" : "0");
}

static void clear_bool(void *holder, const struct setting *s)
{
    *MEMBER(holder, s, bool) = false;
}

static int set_bool(void *holder, const struct setting *s, char **kept, struct error *err)
{
    uint64_t number;

    (void)kept;
    if (setting_number(s->value, 1, &number) < 0)
        return setting_refuse(s, err, "0 or 1");
    *MEMBER(holder, s, bool) = number;
    return 0;
}

const struct key_type type_bool = {.set = set_bool, .get = get_bool, .clear = clear_bool};

static int set_uint(void *holder, const struct setting *s, char **kept, struct error *err)
{
    uint64_t number;

    (void)kept;
    if (setting_number(s->value, UINT32_MAX, &number) < 0)
        return setting_refuse(s, err, "a number from 0 to 4294967295");
    *MEMBER(holder, s, uint32_t) = (uint32_t)number;
    return 0;
}

static int get_uint(const void *holder, const struct setting *s, struct strbuf *out)
{
    return strbuf_printf(out, "%u", *CONST_MEMBER(holder, s, uint32_t));
}

static void clear_uint(void *holder, const struct setting *s)
{
    *MEMBER(holder, s, uint32_t) = 0;
}

const struct key_type type_uint = {.set = set_uint, .get = get_uint, .clear = clear_uint};

static int set_int(void *holder, const struct setting *s, char **kept, struct error *err)
{
    int64_t number;

    (void)kept;
    if (parse_int64(s->value, 0, INT_MIN, INT_MAX, &number) < 0)
        return setting_refuse(s, err, "a number");
    *MEMBER(holder, s, int) = (int)number;
    return 0;
}

static int set_natural(void *holder, const struct setting *s, char **kept, struct error *err)
{
    uint64_t number;

    (void)kept;
    if (setting_number(s->value, s->strict ? INT_MAX : UINT32_MAX, &number) < 0)
        return setting_refuse(s, err, "a number from 0 to 2147483647");
    *MEMBER(holder, s, int) = (int)number;
    return 0;
}

int int_get(const void *holder, const struct setting *s, struct strbuf *out)
{
    return strbuf_printf(out, "%d", *CONST_MEMBER(holder, s, int));
}

void int_clear(void *holder, const struct setting *s)
{
    *MEMBER(holder, s, int) = 0;
}

const struct key_type type_int = {.set = set_int, .get = int_get, .clear = int_clear};
const struct key_type type_natural = {.set = set_natural, .get = int_get, .clear = int_clear};

/* --- Sizes: "auto", "131072", "12B", "128 KB", "1MB", "1GB"; lxc.container.conf(5), lxc.console.buffer.size
 * --- */

static int size_parse(const char *text, uint64_t *bytes)
{
    static const struct {
        char suffix[3];
        uint8_t shift;
    } units[] = {{"KB", 10}, {"MB", 20}, {"GB", 30}};
    size_t length = strlen(text), digits = length;
    unsigned shift = 0;
    char number[24];

    if (length >= sizeof(number))
        return -EINVAL;
    if (length >= 2 && isalpha((unsigned char)text[length - 1])) {
        digits = length - 1;
        if (isalpha((unsigned char)text[length - 2])) {
            digits = length - 2;
            shift = UINT_MAX;
            for (size_t i = 0; i < ARRAY_LENGTH(units); i++)
                if (strcasecmp(units[i].suffix, text + digits) == 0)
                    shift = units[i].shift;
            if (shift == UINT_MAX)
                return -EINVAL;
        }
    }
    while (digits && isspace((unsigned char)text[digits - 1]))
        digits--;
    memcpy(number, text, digits);
    number[digits] = '\0';
    if (setting_number(number, LARGEST_BUFFER >> shift, bytes) < 0)
        return -EINVAL;
    *bytes <<= shift;
    return 0;
}

static int set_size(void *holder, const struct setting *s, char **kept, struct error *err)
{
    uint64_t bytes = AUTO_BUFFER_SIZE, power = SMALLEST_BUFFER;

    (void)kept;
    if (strcmp(s->value, "auto") != 0 && size_parse(s->value, &bytes) < 0)
        return setting_refuse(s, err, "\"auto\" or bytes, also as KB, MB or GB");
    while (power < bytes)
        power *= 2;
    *MEMBER(holder, s, uint64_t) = power;
    return 0;
}

static int get_size(const void *holder, const struct setting *s, struct strbuf *out)
{
    return strbuf_printf(out, "%llu", (unsigned long long)*CONST_MEMBER(holder, s, uint64_t));
}

static void clear_size(void *holder, const struct setting *s)
{
    *MEMBER(holder, s, uint64_t) = 0;
}

const struct key_type type_size = {.set = set_size, .get = get_size, .clear = clear_size};

/* The size of the tmpfs on /dev: only bytes, without suffix. */
static int set_tmpfs_size(void *holder, const struct setting *s, char **kept, struct error *err)
{
    uint64_t bytes;

    (void)kept;
    if (setting_number(s->value, INT_MAX, &bytes) < 0)
        return s->strict ? setting_refuse(s, err, "a number of bytes") : 0;
    *MEMBER(holder, s, uint64_t) = bytes;
    return 0;
}

const struct key_type type_tmpfs_size = {.set = set_tmpfs_size, .get = get_size, .clear = clear_size};

/* --- Signals --- */

static const struct {
    char name[8];
    int number;
} signals[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},   {"QUIT", SIGQUIT},   {"ILL", SIGILL},   {"TRAP", SIGTRAP},
    {"ABRT", SIGABRT},     {"IOT", SIGIOT},   {"BUS", SIGBUS},     {"FPE", SIGFPE},   {"KILL", SIGKILL},
    {"USR1", SIGUSR1},     {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},   {"PIPE", SIGPIPE}, {"ALRM", SIGALRM},
    {"TERM", SIGTERM},     {"CHLD", SIGCHLD}, {"CLD", SIGCHLD},    {"CONT", SIGCONT}, {"STOP", SIGSTOP},
    {"TSTP", SIGTSTP},     {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},   {"URG", SIGURG},   {"XCPU", SIGXCPU},
    {"XFSZ", SIGXFSZ},     {"PROF", SIGPROF}, {"WINCH", SIGWINCH}, {"IO", SIGIO},     {"POLL", SIGIO},
    {"VTALRM", SIGVTALRM}, {"PWR", SIGPWR},   {"SYS", SIGSYS},
#ifdef SIGSTKFLT
    {"STKFLT", SIGSTKFLT},
#endif
};

/*
 * SIGRTMIN is that of glibc, independent of the C library of this program (in musl it is one higher): init
 * programs in containers and LXC itself use it.
 */
#define FIRST_REALTIME 34

static int realtime_parse(const char *text)
{
    int span = SIGRTMAX - FIRST_REALTIME;
    bool from_last = strncasecmp(text, "max-", 4) == 0;
    int64_t number;

    if (!from_last && strncasecmp(text, "min+", 4) != 0)
        return -EINVAL;
    if (!isdigit((unsigned char)text[4]) || parse_int64(text + 4, 0, 0, span, &number) < 0)
        return -EINVAL;
    return from_last ? SIGRTMAX - (int)number : FIRST_REALTIME + (int)number;
}

int signal_parse(const char *text)
{
    int64_t number;

    if (isdigit((unsigned char)*text))
        return parse_int64(text, 0, 0, INT_MAX, &number) < 0 ? -EINVAL : (int)number;
    if (strncasecmp(text, "sig", 3) != 0)
        return -EINVAL;
    if (strncasecmp(text + 3, "rt", 2) == 0)
        return realtime_parse(text + 5);
    for (size_t i = 0; i < ARRAY_LENGTH(signals); i++)
        if (strcasecmp(signals[i].name, text + 3) == 0)
            return signals[i].number;
    return -EINVAL;
}

static int set_signal(void *holder, const struct setting *s, char **kept, struct error *err)
{
    int number = signal_parse(s->value);

    (void)kept;
    if (number < 0)
        return setting_refuse(s, err, "a signal (SIGPWR, SIGRTMIN+3, 30)");
    *MEMBER(holder, s, int) = number;
    return 0;
}

const struct key_type type_signal = {.set = set_signal, .get = int_get, .clear = int_clear};

/* --- Lists --- */

static int set_words(void *holder, const struct setting *s, char **kept, struct error *err)
{
    cleanup_free char *copy = strdup(s->value);
    char *rest = copy, *word;

    (void)kept;
    if (!copy)
        return setting_no_memory(s, err);
    while ((word = next_word(&rest)))
        if (string_list_add(MEMBER(holder, s, struct string_list), word) < 0)
            return setting_no_memory(s, err);
    return 0;
}

int list_get(const void *holder, const struct setting *s, struct strbuf *out)
{
    const struct string_list *l = CONST_MEMBER(holder, s, struct string_list);

    for (size_t i = 0; i < l->count; i++)
        if (strbuf_printf(out, "%s\n", l->items[i]) < 0)
            return -ENOMEM;
    return 0;
}

static void clear_list(void *holder, const struct setting *s)
{
    string_list_clear(MEMBER(holder, s, struct string_list));
}

const struct key_type type_words = {.set = set_words, .get = list_get, .clear = clear_list};

static int set_line(void *holder, const struct setting *s, char **kept, struct error *err)
{
    (void)kept;
    return string_list_add(MEMBER(holder, s, struct string_list), s->value) < 0 ? setting_no_memory(s, err)
                                                                                : 0;
}

const struct key_type type_lines = {.set = set_line, .get = list_get, .clear = clear_list};

/* lxc.environment: a bare NAME takes its value from our environment when the file is read. */
static int set_environment(void *holder, const struct setting *s, char **kept, struct error *err)
{
    struct string_list *l = MEMBER(holder, s, struct string_list);
    const char *own;

    if (strchr(s->value, '='))
        return set_line(holder, s, kept, err);
    own = getenv(s->value);
    if (!own) {
        error_text(err, ENOENT, "%s: the variable %s is not set in the environment", s->name, s->value);
        return error_remedy(err, "write %s = %s=VALUE", s->name, s->value);
    }
    *kept = format_string("%s=%s", s->value, own);
    return !*kept || string_list_add(l, *kept) < 0 ? setting_no_memory(s, err) : 0;
}

const struct key_type type_environment = {.set = set_environment, .get = list_get, .clear = clear_list};
