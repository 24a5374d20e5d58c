/* lsns: list namespaces. See lsns.1. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "applets/cli/applet.h"
#include "core/base/cleanup.h"
#include "core/encoding/json.h"
#include "core/namespace/namespace_list.h"

struct lsns_options {
    bool json, list, no_headings, all_columns, raw, whole, no_wrap;
    const char *columns, *tree;
    int pid;
    struct string_list types;
};

static const struct option_row lsns_table[] = {
    OPT_FLAG('J', "json", struct lsns_options, json, "print JSON"),
    OPT_FLAG('l', "list", struct lsns_options, list, "print a list (the default without -T)"),
    OPT_FLAG('n', "noheadings", struct lsns_options, no_headings, "do not print headings"),
    OPT_STRING('o', "output", "COLUMN[,COLUMN]...", struct lsns_options, columns,
               "the columns: NS, TYPE, PATH, NPROCS, PID, PPID, COMMAND, UID, USER, NETNSID, NSFS, PNS, ONS, "
               "CONTAINER"),
    OPT_FLAG(0, "output-all", struct lsns_options, all_columns, "print all columns"),
    OPT_INT('p', "task", "PID", struct lsns_options, pid, "only the namespaces of this process"),
    OPT_FLAG('r', "raw", struct lsns_options, raw, "separate columns by one blank"),
    OPT_FLAG('u', "notruncate", struct lsns_options, whole, "do not truncate lines to the terminal width"),
    OPT_FLAG('W', "nowrap", struct lsns_options, no_wrap,
             "print the mounts of a namespace on one line, separated by commas"),
    OPT_LIST('t', "type", "KIND", struct lsns_options, types,
             "only these: mnt, net, ipc, user, pid, uts, cgroup, time (may be repeated)"),
    OPT_OPTIONAL('T', "tree", "RELATION", struct lsns_options, tree,
                 "as a tree: owner (default), parent, or process (of their first processes)"),
    OPT_END,
};

enum column {
    NS,
    TYPE,
    PATH,
    NPROCS,
    PID,
    PPID,
    COMMAND,
    UID,
    USER,
    NETNSID,
    NSFS,
    PNS,
    ONS,
    CONTAINER,
    COLUMNS
};

static const struct {
    const char *name, *key;
    bool right, number;
} columns[COLUMNS] = {{"NS", "ns", true, true},
                      {"TYPE", "type", false, false},
                      {"PATH", "path", false, false},
                      {"NPROCS", "nprocs", true, true},
                      {"PID", "pid", true, true},
                      {"PPID", "ppid", true, true},
                      {"COMMAND", "command", false, false},
                      {"UID", "uid", true, true},
                      {"USER", "user", false, false},
                      {"NETNSID", "netnsid", true, false},
                      {"NSFS", "nsfs", false, false},
                      {"PNS", "pns", true, true},
                      {"ONS", "ons", true, true},
                      {"CONTAINER", "container", false, false}};

/* One line: a namespace, or a process of the requested namespace. */
struct line {
    const struct namespace_entry *ns;
    const struct namespace_process *process;
    char branch[96]; /* before the number of the namespace in a tree */
};

struct table {
    enum column columns[16];
    size_t column_count;
    struct line *lines;
    size_t count;
    bool is_tree;
};

static const char *cell_user_name(uid_t uid, char number[32])
{
    const struct passwd *user = getpwuid(uid);

    snprintf(number, 32, "%u", uid);
    return user ? user->pw_name : number;
}

static const char *cell_text(const struct line *line, enum column column, char room[32])
{
    const struct namespace_entry *ns = line->ns;
    uint64_t number = 0;

    switch (column) {
    case TYPE:
        return ns->type;
    case COMMAND:
        return line->process->command;
    case USER:
        return cell_user_name(line->process->uid, room);
    case PATH:
        snprintf(room, 32, "/proc/%d/ns/%s", (int)line->process->pid, ns->type);
        return room;
    case CONTAINER:
        return line->process->container ? line->process->container : "";
    case NSFS:
        return ns->mounts ? ns->mounts : "";
    case NETNSID:
        if (strcmp(ns->type, "net") != 0)
            return "";
        if (ns->network_id < 0)
            return "unassigned";
        number = (uint64_t)ns->network_id;
        break;
    case NS:
        number = ns->number;
        break;
    case NPROCS:
        number = ns->processes;
        break;
    case PID:
        number = (uint64_t)line->process->pid;
        break;
    case PPID:
        number = (uint64_t)line->process->parent;
        break;
    case UID:
        number = line->process->uid;
        break;
    case PNS:
        number = ns->parent;
        break;
    default:
        number = ns->owner;
        break;
    }
    snprintf(room, 32, "%" PRIu64, number);
    return room;
}

/* The width of a UTF-8 text, of the longest of several lines: drawing characters have three bytes. */
static size_t text_width(const char *text)
{
    size_t width = 0, longest = 0;

    for (; *text; text++) {
        width = *text == '\n' ? 0 : width + (((unsigned char)*text & 0xc0) != 0x80);
        longest = width > longest ? width : longest;
    }
    return longest;
}

/* Copy the line with this index (from 0) of a text; "" if there are fewer. */
static const char *text_line(const char *text, size_t index, char *out, size_t size)
{
    for (; index && *text; index--) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    snprintf(out, size, "%.*s", (int)strcspn(text, "\n"), text);
    return out;
}

static size_t text_line_count(const char *text)
{
    size_t lines = 1;

    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static int table_add_column(struct table *t, const char *word, struct error *err)
{
    int c = 0;

    while (c < COLUMNS && strcasecmp(columns[c].name, word) != 0)
        c++;
    if (c == COLUMNS || t->column_count == ARRAY_LENGTH(t->columns)) {
        error_text(err, EINVAL, "-o does not know the column \"%s\"", word);
        return error_remedy(err, "see --help");
    }
    t->columns[t->column_count++] = (enum column)c;
    return 0;
}

/* The column CONTAINER is printed if any process belongs to a container. */
static int table_choose_columns(const struct lsns_options *o, struct table *t, bool of_processes,
                                struct error *err)
{
    cleanup_free char *words = strdup(
        o->columns       ? o->columns
        : o->all_columns ? "NS,TYPE,PATH,NPROCS,PID,PPID,COMMAND,UID,USER,NETNSID,NSFS,PNS,ONS,CONTAINER"
        : of_processes   ? "PID,PPID,USER,COMMAND"
        : string_list_has(&o->types, "net") ? "NS,TYPE,NPROCS,PID,USER,NETNSID,NSFS,COMMAND"
                                            : "NS,TYPE,NPROCS,PID,USER,COMMAND");
    int r = words ? 0 : error_set(err, ENOMEM, "cannot read the columns");

    for (char *rest = words, *word; r == 0 && (word = strsep(&rest, ", "));)
        if (*word)
            r = table_add_column(t, word, err);
    for (size_t i = 0; r == 0 && !o->columns && !o->all_columns && i < t->count; i++)
        if (t->lines[i].process->container) {
            /* Before the command, which may be long. */
            t->columns[t->column_count++] = COMMAND;
            t->columns[t->column_count - 2] = CONTAINER;
            break;
        }
    return r;
}

static void raw_print(const char *text)
{
    for (; *text; text++)
        if (*text == ' ' || *text == '\\')
            printf("\\x%02x", *text);
        else
            putchar(*text);
}

static size_t table_width(const struct lsns_options *o)
{
    struct winsize size;

    return !o->whole && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static void raw_print_line(const struct table *t, const struct line *line)
{
    char room[32];

    for (size_t i = 0; i < t->column_count; i++) {
        raw_print(line ? cell_text(line, t->columns[i], room) : columns[t->columns[i]].name);
        putchar(i + 1 == t->column_count ? '\n' : ' ');
    }
}

/*
 * Print one row of a line, whose cells may have several rows, truncated to `limit` columns (0: unlimited).
 * Returns the number of rows.
 */
static size_t table_print_row(const struct table *t, const struct line *line, size_t row,
                              const size_t widths[], size_t limit)
{
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    char room[32], part[PATH_MAX];
    size_t rows = 1;

    for (size_t i = 0; i < t->column_count; i++) {
        enum column c = t->columns[i];
        const char *whole = line ? cell_text(line, c, room) : columns[c].name;
        const char *text =
            text_line_count(whole) > 1 || row ? text_line(whole, row, part, sizeof(part)) : whole;
        const char *branch = line && c == NS && row == 0 ? line->branch : "";
        int blanks = (int)(widths[i] - text_width(text) - text_width(branch));
        bool last = i + 1 == t->column_count, right = columns[c].right && !(c == NS && t->is_tree);

        rows = text_line_count(whole) > rows ? text_line_count(whole) : rows;
        if (blanks < 0)
            blanks = 0;
        (void)strbuf_printf(&out, "%s%*s%s%*s%s", branch, right ? blanks : 0, "", text,
                            right || last ? 0 : blanks, "", last ? "" : " ");
    }
    if (limit && out.length > limit && text_width(out.text) == out.length)
        out.text[limit] = '\0';
    puts(strbuf_text(&out));
    return rows;
}

static void table_print_line(const struct table *t, const struct line *line, const size_t widths[],
                             size_t limit, bool raw)
{
    if (raw)
        raw_print_line(t, line);
    for (size_t row = 0, rows = raw ? 0 : 1; row < rows; row++)
        rows = table_print_row(t, line, row, widths, limit);
}

/* Separate mounts by commas. */
static void list_join_mounts(struct namespace_list *c)
{
    for (size_t i = 0; i < c->namespace_count; i++)
        for (char *p = c->namespaces[i].mounts; p && (p = strchr(p, '\n'));)
            *p = ',';
}

static void table_print(const struct table *t, const struct lsns_options *o)
{
    size_t widths[ARRAY_LENGTH(t->columns)], limit = table_width(o);
    char room[32];

    for (size_t i = 0; i < t->column_count; i++) {
        enum column c = t->columns[i];
        size_t heading = strlen(columns[c].name);

        widths[i] = 0;
        for (size_t n = 0; n < t->count; n++) {
            size_t width =
                text_width(cell_text(&t->lines[n], c, room)) + (c == NS ? text_width(t->lines[n].branch) : 0);
            widths[i] = width > widths[i] ? width : widths[i];
        }
        /*
         * As in util-linux: at least five columns for process ids, unless all are shorter than the heading.
         */
        if (widths[i] < heading)
            widths[i] = heading;
        else if ((c == PID || c == PPID) && widths[i] < 5)
            widths[i] = 5;
    }
    if (!o->no_headings && t->count)
        table_print_line(t, NULL, widths, limit, o->raw);
    for (size_t n = 0; n < t->count; n++)
        table_print_line(t, &t->lines[n], widths, limit, o->raw);
}

static int table_print_json(const struct table *t, struct error *err)
{
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    char room[32];
    int r = json_open(&out, NULL, '{');

    r |= json_open(&out, "namespaces", '[');
    for (size_t n = 0; n < t->count; n++) {
        r |= json_open(&out, NULL, '{');
        for (size_t i = 0; i < t->column_count; i++) {
            const char *text = cell_text(&t->lines[n], t->columns[i], room);
            r |= columns[t->columns[i]].number
                     ? json_number(&out, columns[t->columns[i]].key, (int64_t)strtoull(text, NULL, 10))
                     : json_string(&out, columns[t->columns[i]].key, *text ? text : NULL);
        }
        r |= json_close(&out, '}');
    }
    r |= json_close(&out, ']');
    r |= json_close(&out, '}');
    if (r < 0)
        return error_set(err, ENOMEM, "cannot write the list");
    puts(strbuf_text(&out));
    return 0;
}

/* --- Which lines ---------------------------------------------------------------------------------------- */

static bool namespace_has_process(const struct namespace_list *c, const struct namespace_entry *ns, int pid)
{
    for (size_t i = 0; i < c->process_count; i++)
        for (int kind = 0; c->processes[i].pid == pid && kind < NAMESPACE_KINDS; kind++)
            if (c->processes[i].namespaces[kind] == ns->number)
                return true;
    return false;
}

static void table_add_namespaces(const struct lsns_options *o, const struct namespace_list *c,
                                 struct table *t)
{
    for (size_t i = 0; i < c->namespace_count; i++) {
        const struct namespace_entry *ns = &c->namespaces[i];

        if ((o->types.count && !string_list_has(&o->types, ns->type)) ||
            (o->pid && !namespace_has_process(c, ns, o->pid)))
            continue;
        t->lines[t->count++] = (struct line){.ns = ns, .process = ns->first};
    }
}

static int table_add_processes(const char *text, const struct namespace_list *c, struct table *t,
                               struct error *err)
{
    uint64_t number;

    if (parse_uint64(text, 10, UINT64_MAX, &number) < 0) {
        error_text(err, EINVAL, "a namespace must be given by its number, not as \"%s\"", text);
        return error_remedy(err, "append a relation to -T without a blank: -T%s", text);
    }
    for (size_t n = 0; n < c->namespace_count; n++)
        for (size_t i = 0; c->namespaces[n].number == number && i < c->process_count; i++)
            for (int kind = 0; kind < NAMESPACE_KINDS; kind++)
                if (c->processes[i].namespaces[kind] == number)
                    t->lines[t->count++] =
                        (struct line){.ns = &c->namespaces[n], .process = &c->processes[i]};
    return t->count ? 0 : error_text(err, ENOENT, "no process is in a namespace %s", text);
}

static bool line_is_child(const struct line *line, const struct line *of, const char *relation)
{
    if (line == of)
        return false;
    if (*relation == 'o')
        return line->ns->owner && line->ns->owner == of->ns->number;
    if (*relation == 'p' && relation[1] == 'a')
        return line->ns->parent && line->ns->parent == of->ns->number;
    return line->process->parent == of->process->pid && line->ns->type == of->ns->type;
}

static const struct line *line_parent(const struct table *t, const struct line *line, const char *relation)
{
    for (size_t i = 0; i < t->count; i++)
        if (line_is_child(line, &t->lines[i], relation))
            return &t->lines[i];
    return NULL;
}

/* Whether the locale of the environment uses UTF-8: see "Setting the locale" in locale(7). */
static bool locale_is_utf8(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *locale = NULL, *codeset;

    for (size_t i = 0; i < ARRAY_LENGTH(variables) && (!locale || !*locale); i++)
        locale = getenv(variables[i]);
    codeset = locale ? strchr(locale, '.') : NULL;
    return codeset && (strncasecmp(codeset, ".UTF-8", 6) == 0 || strncasecmp(codeset, ".UTF8", 5) == 0);
}

/* The characters for drawing a tree, as in util-linux. */
static const struct drawing {
    const char *child, *last, *beside;
} ascii = {"|-", "`-", "| "}, utf8 = {"├─", "└─", "│ "};

/* Append a line and the lines beneath it to `out`. Each line is added once, so that a cycle ends. */
static void tree_add(const struct table *t, const struct line *root, const char *relation,
                     const struct drawing *drawing, const char *indent, bool taken[], struct table *out)
{
    size_t left = 0;

    for (size_t i = 0; i < t->count; i++)
        left += !taken[i] && line_parent(t, &t->lines[i], relation) == root;
    for (size_t i = 0; i < t->count; i++) {
        const struct line *line = &t->lines[i];
        char deeper[sizeof(line->branch)];
        struct line *copy;

        if (taken[i] || line_parent(t, line, relation) != root)
            continue;
        taken[i] = true;
        left--;
        copy = &out->lines[out->count++];
        *copy = *line;
        snprintf(copy->branch, sizeof(copy->branch), "%s%s", indent,
                 root ? left ? drawing->child : drawing->last : "");
        snprintf(deeper, sizeof(deeper), "%s%s", indent, root ? left ? drawing->beside : "  " : "");
        tree_add(t, line, relation, drawing, deeper, taken, out);
    }
}

static int tree_sort(const char *relation, struct table *t, struct error *err)
{
    struct table out = *t;
    cleanup_free bool *taken = calloc(t->count + 1, sizeof(*taken));

    if (strcmp(relation, "parent") != 0 && strcmp(relation, "owner") != 0 && strcmp(relation, "process") != 0)
        return error_text(err, EINVAL, "-T takes parent, owner or process, not \"%s\"", relation);
    out.lines = calloc(t->count + 1, sizeof(*out.lines));
    if (!out.lines || !taken) {
        free(out.lines);
        return error_set(err, ENOMEM, "cannot make a tree");
    }
    out.count = 0;
    tree_add(t, NULL, relation, locale_is_utf8() ? &utf8 : &ascii, "", taken, &out);
    free(t->lines);
    t->lines = out.lines;
    t->count = out.count;
    t->is_tree = true;
    return 0;
}

static int lsns_check_types(const struct lsns_options *o, struct error *err)
{
    for (size_t i = 0; i < o->types.count; i++) {
        int kind = 0;

        while (kind < NAMESPACE_KINDS && strcmp(namespaces[kind].name, o->types.items[i]) != 0)
            kind++;
        if (kind == NAMESPACE_KINDS)
            return error_text(err, EINVAL, "\"%s\" is not a type of namespace", o->types.items[i]);
    }
    return 0;
}

static int lsns_run(struct invocation *in, struct error *err)
{
    const struct lsns_options *o = in->options;
    cleanup_namespace_list struct namespace_list list = {0};
    struct table t = {0};
    int r = operands_check(in, err);

    if (r == 0)
        r = lsns_check_types(o, err);
    if (r == 0 && o->pid && o->types.count == 0 && in->argc)
        return error_text(err, EINVAL, "a namespace and -p exclude each other");
    if (r == 0)
        r = namespace_list_read(&list, err);
    if (r < 0)
        return r;
    if (o->raw || o->no_wrap)
        list_join_mounts(&list);
    t.lines = calloc(list.namespace_count + list.process_count + 1, sizeof(*t.lines));
    if (!t.lines)
        return error_set(err, ENOMEM, "cannot list the namespaces");
    if (in->argc)
        r = table_add_processes(in->argv[0], &list, &t, err);
    else
        table_add_namespaces(o, &list, &t);
    if (r == 0 && o->tree && !o->list && !o->raw && !o->json)
        r = tree_sort(*o->tree ? o->tree : "owner", &t, err);
    if (r == 0)
        r = table_choose_columns(o, &t, in->argc > 0, err);
    if (r == 0 && o->json)
        r = table_print_json(&t, err);
    else if (r == 0)
        table_print(&t, o);
    free(t.lines);
    return r;
}

APPLET(lsns, .name = "lsns", .summary = "List the namespaces", .usage = "[OPTION]... [NAMESPACE]",
       .operands_max = 1, .options = lsns_table, .options_size = sizeof(struct lsns_options),
       .run = lsns_run);
