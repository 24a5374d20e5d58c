/* lxc-ls: list the containers. See lxc-ls.1. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/base/cleanup.h"
#include "core/encoding/json.h"
#include "core/base/pattern.h"
#include "core/storage/overview.h"

#define NESTING_DEFAULT 5
#define CELL_MAX        4096 /* bytes of one cell of the table; longer ones are cut */

struct lxc_ls_options {
    struct container_options container;
    bool line, fancy, active, running, frozen, stopped, defined;
    const char *columns, *nesting, *filter, *format;
    struct string_list groups;
};

static const struct option_row lxc_ls_table[] = {
    OPT_FLAG('1', "line", struct lxc_ls_options, line, "one name per line"),
    OPT_FLAG('f', "fancy", struct lxc_ls_options, fancy, "print a table"),
    OPT_STRING('F', "fancy-format", "COLUMN[,COLUMN]...", struct lxc_ls_options, columns,
               "with -f: the columns: NAME, STATE, PID, RAM, SWAP, AUTOSTART, GROUPS, INTERFACE, IPV4, "
               "IPV6, UNPRIVILEGED"),
    OPT_FLAG(0, "active", struct lxc_ls_options, active, "containers that run or are frozen"),
    OPT_FLAG(0, "running", struct lxc_ls_options, running, "containers that are not stopped"),
    OPT_FLAG(0, "frozen", struct lxc_ls_options, frozen, "containers that are frozen"),
    OPT_FLAG(0, "stopped", struct lxc_ls_options, stopped, "containers that are stopped"),
    OPT_FLAG(0, "defined", struct lxc_ls_options, defined, "containers that have a configuration"),
    OPT_OPTIONAL(0, "nesting", "LEVELS", struct lxc_ls_options, nesting,
                 "also containers inside containers, down to this level (5)"),
    OPT_STRING(0, "filter", "REGEX", struct lxc_ls_options, filter,
               "containers whose name matches; also the operand"),
    OPT_LIST('g', "groups", "GROUP[,GROUP]...", struct lxc_ls_options, groups,
             "containers that are in all of these groups (may be repeated)"),
    OPT_STRING(0, "format", "FORMAT", struct lxc_ls_options, format, "json: print JSON"),
    OPT_STRING('P', "lxcpath", "DIR", struct lxc_ls_options, container.lxcpath,
               "the directory of the containers"),
    OPT_STRING('o', "logfile", "FILE", struct lxc_ls_options, container.logfile, "write the log to FILE"),
    OPT_STRING('l', "logpriority", "LEVEL", struct lxc_ls_options, container.loglevel,
               "log messages of LEVEL and above (ERROR)"),
    OPT_FLAG('q', "quiet", struct lxc_ls_options, container.quiet, "print only errors on standard error"),
    OPT_END,
};

enum column { NAME, STATE, PID, RAM, SWAP, AUTOSTART, GROUPS, INTERFACE, IPV4, IPV6, UNPRIVILEGED, COLUMNS };

static const char *const column_names[COLUMNS] = {"NAME", "STATE",     "PID",         "RAM",
                                                  "SWAP", "AUTOSTART", "GROUPS",      "INTERFACE",
                                                  "IPV4", "IPV6",      "UNPRIVILEGED"};

struct table {
    enum column columns[32];
    size_t count;
};

static const struct table default_table = {{NAME, STATE, AUTOSTART, GROUPS, IPV4, IPV6, UNPRIVILEGED}, 7};

static int table_read_columns(const char *text, struct table *table, struct error *err)
{
    cleanup_free char *copy = strdup(text);

    if (!copy)
        return error_set(err, ENOMEM, "cannot read the columns");
    for (char *rest = copy, *word; (word = strsep(&rest, ", \t"));) {
        int column = 0;

        if (!*word)
            continue;
        while (column < COLUMNS && strcasecmp(column_names[column], word) != 0)
            column++;
        if (column == COLUMNS || table->count == ARRAY_LENGTH(table->columns)) {
            error_text(err, EINVAL, "-F: unknown column \"%s\"", word);
            return error_remedy(err, "--help lists the columns");
        }
        table->columns[table->count++] = (enum column)column;
    }
    return 0;
}

static const char *cell_join(const struct string_list *list, char cell[CELL_MAX])
{
    size_t n = 0;

    if (list->count == 0)
        return "-";
    for (size_t i = 0; i < list->count && n < CELL_MAX; i++)
        n += (size_t)snprintf(cell + n, CELL_MAX - n, "%s%s", i ? ", " : "", list->items[i]);
    return cell;
}

/* "1.50": mebibytes to the nearest hundredth, halves to even, as printf(3) rounds. */
static const char *format_mebibytes(int64_t bytes, char cell[CELL_MAX])
{
    int64_t scaled = bytes * 100, hundredths = scaled >> 20, rest = scaled & 0xfffff;

    if (rest > 0x80000 || (rest == 0x80000 && (hundredths & 1)))
        hundredths++;
    snprintf(cell, CELL_MAX, "%" PRId64 ".%02" PRId64, hundredths / 100, hundredths % 100);
    return cell;
}

/* The text of a cell, without the mark of a nested name and the unit of a size. `cell` is a buffer for it. */
static const char *cell_text(const struct overview_row *row, enum column column, char cell[CELL_MAX])
{
    bool running = row->state != STATE_STOPPED;

    switch (column) {
    case NAME:
        return row->name;
    case STATE:
        return row->state < 0 ? "UNKNOWN" : state_name(row->state);
    case PID:
        snprintf(cell, CELL_MAX, row->pid ? "%d" : "-", row->pid);
        return cell;
    case RAM:
        return running && row->memory_bytes >= 0 ? format_mebibytes(row->memory_bytes, cell) : "-";
    case SWAP: /* whole mebibytes, as with LXC */
        return running && row->swap_bytes >= 0 ? format_mebibytes(row->swap_bytes & ~(int64_t)0xfffff, cell)
                                               : "-";
    case AUTOSTART:
        return row->start_auto ? "1" : "0";
    case GROUPS:
        return cell_join(&row->groups, cell);
    case INTERFACE:
        return cell_join(&row->interfaces, cell);
    case IPV4:
        return cell_join(&row->ipv4, cell);
    case IPV6:
        return cell_join(&row->ipv6, cell);
    default:
        return row->unprivileged ? "true" : "false";
    }
}

static bool is_size(enum column column)
{
    return column == RAM || column == SWAP;
}

static size_t column_width(const struct overview *o, enum column column)
{
    size_t width = is_size(column) ? strlen("0.00") : strlen(column_names[column]);
    char cell[CELL_MAX];

    for (size_t i = 0; i < o->count; i++) {
        size_t length = strlen(cell_text(&o->rows[i], column, cell));

        length += column == NAME ? o->rows[i].level : 0;
        width = length > width ? length : width;
    }
    return width;
}

static void put_blanks(size_t count)
{
    while (count--)
        putchar_unlocked(' ');
}

/* With a thousand containers, printf(3) for each cell would take most of the time. */
static void cell_put(const char *text, size_t width)
{
    size_t length = strlen(text);

    fputs(text, stdout);
    put_blanks(length < width ? width - length : 0);
    putchar_unlocked(' ');
}

static void cell_print(const struct overview_row *row, enum column column, size_t width)
{
    char cell[CELL_MAX];
    const char *text = cell_text(row, column, cell);

    if (column == NAME && row->level) {
        put_blanks(row->level - 1);
        putchar('\\');
        cell_put(text, width - row->level);
    } else if (is_size(column) && strcmp(text, "-") != 0) {
        printf("%*sMB ", (int)width, text);
    } else {
        cell_put(text, width + (is_size(column) ? 2 : 0));
    }
}

static void print_table(const struct overview *o, const struct table *table)
{
    size_t widths[ARRAY_LENGTH(table->columns)];

    if (o->count == 0)
        return;
    for (size_t i = 0; i < table->count; i++) {
        widths[i] = column_width(o, table->columns[i]);
        cell_put(column_names[table->columns[i]], widths[i] + (is_size(table->columns[i]) ? 2 : 0));
    }
    putchar('\n');
    for (size_t row = 0; row < o->count; row++) {
        for (size_t i = 0; i < table->count; i++)
            cell_print(&o->rows[row], table->columns[i], widths[i]);
        putchar('\n');
    }
}

/* The width of the first standard file that is a terminal, or 0. */
static size_t terminal_width(void)
{
    static const int files[] = {STDOUT_FILENO, STDERR_FILENO, STDIN_FILENO};
    struct winsize size;

    for (size_t i = 0; i < ARRAY_LENGTH(files); i++)
        if (ioctl(files[i], TIOCGWINSZ, &size) == 0)
            return size.ws_col;
    return 0;
}

static void print_names(const struct overview *o)
{
    size_t width = column_width(o, NAME), line = 0, terminal = terminal_width();

    for (size_t i = 0; i < o->count; i++) {
        printf("%-*s", (int)width, o->rows[i].name);
        line += width;
        if (line + width >= terminal) {
            putchar('\n');
            line = 0;
        } else {
            putchar(' ');
            line++;
        }
    }
    if (line)
        putchar('\n');
}

static int print_json(const struct overview *o, struct error *err)
{
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    int r = json_open(&out, NULL, '[');

    for (size_t i = 0; i < o->count; i++) {
        const struct overview_row *row = &o->rows[i];

        r |= json_open(&out, NULL, '{');
        r |= json_string(&out, "name", row->name);
        r |= json_string(&out, "state", row->state < 0 ? NULL : state_name(row->state));
        if (row->pid)
            r |= json_number(&out, "pid", row->pid);
        r |= json_bool(&out, "autostart", row->start_auto);
        r |= json_bool(&out, "unprivileged", row->unprivileged);
        r |= json_strings(&out, "groups", &row->groups);
        if (row->state > STATE_STOPPED) {
            r |= json_strings(&out, "interfaces", &row->interfaces);
            r |= json_strings(&out, "ipv4", &row->ipv4);
            r |= json_strings(&out, "ipv6", &row->ipv6);
            r |= row->memory_bytes < 0 ? 0 : json_number(&out, "memory_bytes", row->memory_bytes);
            r |= row->swap_bytes < 0 ? 0 : json_number(&out, "swap_bytes", row->swap_bytes);
        }
        r |= json_close(&out, '}');
    }
    r |= json_close(&out, ']');
    if (r < 0)
        return error_set(err, ENOMEM, "cannot write the list");
    puts(strbuf_text(&out));
    return 0;
}

/* "-g A,B -g C": three groups. */
static int groups_read(const struct string_list *given, struct string_list *groups, struct error *err)
{
    for (size_t i = 0; i < given->count; i++)
        for (char *rest = given->items[i], *word; (word = strsep(&rest, ", \t"));)
            if (*word && string_list_add(groups, word) < 0)
                return error_set(err, ENOMEM, "cannot read the groups");
    return 0;
}

static int nesting_read(const char *text, unsigned *levels, struct error *err)
{
    uint64_t number = text ? NESTING_DEFAULT : 0;

    if (text && *text && parse_uint64(text, 10, 100, &number) < 0)
        return error_text(err, EINVAL, "--nesting takes a number of levels up to 100, not \"%s\"", text);
    *levels = (unsigned)number;
    return 0;
}

static int containers_print(const struct lxc_ls_options *o, const char *lxcpath,
                            struct overview_request *request, struct error *err)
{
    cleanup_overview struct overview overview = {0};
    struct table table = o->columns ? (struct table){0} : default_table;
    bool fancy = o->fancy && !o->format;
    int r = o->columns ? table_read_columns(o->columns, &table, err) : 0;

    request->details = fancy || o->format;
    request->network = request->use = o->format;
    for (size_t i = 0; fancy && i < table.count; i++) {
        request->network |= table.columns[i] >= INTERFACE && table.columns[i] <= IPV6;
        request->use |= table.columns[i] == RAM || table.columns[i] == SWAP;
    }
    if (r == 0)
        r = overview_read(lxcpath, request, &overview, err);
    if (r < 0)
        return r;
    if (o->format)
        return print_json(&overview, err);
    if (fancy)
        print_table(&overview, &table);
    else if (o->line)
        for (size_t i = 0; i < overview.count; i++)
            puts(overview.rows[i].name);
    else
        print_names(&overview);
    return 0;
}

static int lxc_ls_run(struct invocation *in, struct error *err)
{
    const struct lxc_ls_options *o = in->options;
    const char *pattern = o->filter ? o->filter : in->argv[0], *lxcpath;
    cleanup_string_list struct string_list groups = {0};
    struct overview_request request = {.active_only = o->active,
                                       .running = o->running,
                                       .frozen = o->frozen,
                                       .stopped = o->stopped,
                                       .defined = o->defined,
                                       .groups = &groups,
                                       .full_names = o->line || o->format || !o->fancy};
    cleanup_regex regex_t filter = {0};
    int r;

    if (o->format && strcmp(o->format, "json") != 0)
        return error_text(err, EINVAL, "--format takes \"json\", not \"%s\"", o->format);
    in->operands_max = o->filter ? 0 : 1;
    r = container_select_path(&o->container, in, &lxcpath, err);
    if (r == 0)
        r = groups_read(&o->groups, &groups, err);
    if (r == 0)
        r = nesting_read(o->nesting, &request.nesting, err);
    if (r == 0 && pattern)
        r = pattern_compile(&filter, pattern, err);
    if (r < 0)
        return r;
    request.filter = pattern ? &filter : NULL;
    return containers_print(o, lxcpath, &request, err);
}

static bool lxc_ls_enters(const void *options)
{
    return ((const struct lxc_ls_options *)options)->nesting;
}

APPLET(lxc_ls, .name = "lxc-ls", .summary = "List the containers", .usage = "[OPTION]... [REGEX]",
       .options = lxc_ls_table, .options_size = sizeof(struct lxc_ls_options), .sealed = true,
       .enters = lxc_ls_enters, .run = lxc_ls_run);
