/*
 * The table of keys: all that the parser, the writer, GET_CONFIG_ITEM and the man page's test know about a
 * key is its row. A row names its type, which is the four functions that read, print and clear a value, and
 * the member that the type works on.
 */
#ifndef LXCBOX_CORE_CONFIG_KEYS_H
#define LXCBOX_CORE_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config/config.h"

struct key;
struct reader; /* core/config/parse.c: where an lxc.include goes on */

/* One assignment on its way into a config. */
struct setting {
    const struct key *key;
    const char *name;   /* the whole key as written: "lxc.cgroup2.memory.max" */
    const char *rest;   /* what follows the name of a family: "memory.max"; else "" */
    const char *value;  /* never empty in set() */
    const char *origin; /* "FILE:LINE" */
    const struct reader *reader;
    bool strict; /* config_check(): refuse what LXC reads all the same, and fails on when it starts */
};

/*
 * `holder` is the struct that the row's offset counts in: struct config, or struct config_net for the rows of
 * lxc.net.N. set() checks the whole value before it changes anything; on failure `err` says what the key
 * takes, without file and line. It may hand out in `*kept` the value to remember where that is not the value
 * given (allocated; a template filled in). get() appends what config_get_item() says. clear() gives back what
 * is owned and leaves zero or the type's own "not set". may_clear(), where there is one, refuses the clearing
 * of what does not exist.
 */
struct key_type {
    int (*set)(void *holder, const struct setting *s, char **kept, struct error *err);
    int (*get)(const void *holder, const struct setting *s, struct strbuf *out);
    void (*clear)(void *holder, const struct setting *s);
    int (*may_clear)(const void *holder, const struct setting *s, struct error *err);
};

enum {
    KEY_FAMILY = 1,   /* the name is what the keys of a family begin with, without the dot */
    KEY_RESETS = 2,   /* an empty assignment gives the default, not zero */
    KEY_FILLED = 4,   /* an empty assignment is refused */
    KEY_IMAGE = 16,   /* the configuration of an image may set it: core/config/untrusted.h */
    KEY_ARCHIVE = 32, /* so may that of an archive of lxc-export */
    KEY_ADDS = 64,    /* but not clear it, which would take back what confines the container */
    KEY_LATE = 8,     /* LXC passes over what is no number: it does not stop the reader, but the start */
};

struct key {
    const char *name;
    const struct key_type *type;
    const char *initial; /* the default, in the words of a config file; NULL: not set */
    uint16_t offset;     /* of the member */
    uint16_t limit;      /* of the type: longest string, hook kind, namespace */
    uint8_t flags;
};

#define MEMBER(holder, s, type) ((type *)(void *)((char *)(holder) + (s)->key->offset))
#define CONST_MEMBER(holder, s, type)                                                                        \
    ((const type *)(const void *)((const char *)(holder) + (s)->key->offset))

/* The rows, by name; the last one's name is NULL. */
extern const struct key config_keys[]; /* of struct config */
extern const struct key net_keys[];    /* of struct config_net, named "veth.pair" for lxc.net.N.veth.pair */

/*
 * The row for a key: its own, or its family's. With `*rest` set to what follows the family's name. NULL when
 * there is none.
 */
const struct key *key_find(const struct key *table, const char *name, const char **rest);

/* The key that a person who wrote `name` may have meant, allocated; NULL when none is near (or no memory). */
char *key_meant(const char *name);

/*
 * Cut a line of a configuration, in place, into its key and its value without its quotes, as the reader does:
 * 1; 0 for an empty line or a comment, -EINVAL for any other.
 */
int config_line_split(char *line, char **key, char **value);

/* Set, or clear for an empty value, without recording. */
int key_apply(void *holder, const struct setting *s, char **kept, struct error *err);

/* Defaults into a holder that is all zero, and back to all zero. */
void keys_init(const struct key *table, void *holder);
void keys_free(const struct key *table, void *holder);

/* --- Types for every room of the table (core/config/types.c) --- */

int string_set(void *holder, const struct setting *s, char **kept, struct error *err);
int string_get(const void *holder, const struct setting *s, struct strbuf *out);
void string_clear(void *holder, const struct setting *s);
int path_set(void *holder, const struct setting *s, char **kept, struct error *err);
int int_get(const void *holder, const struct setting *s, struct strbuf *out);
void int_clear(void *holder, const struct setting *s);
int list_get(const void *holder, const struct setting *s, struct strbuf *out);

extern const struct key_type type_string;  /* char *; limit: its length, 0 for none */
extern const struct key_type type_path;    /* char *, simplified: no "//", no "/./", no last slash */
extern const struct key_type type_bool;    /* bool: 0 or 1 */
extern const struct key_type type_uint;    /* uint32_t */
extern const struct key_type type_natural; /* int from 0 */
extern const struct key_type type_int;     /* int */
extern const struct key_type type_size;   /* uint64_t bytes: "auto", suffixes, rounded up to a power of two */
extern const struct key_type type_signal; /* int: SIGPWR, sigrtmin+3, 9 */
extern const struct key_type type_words;  /* struct string_list, several words in a line */
extern const struct key_type type_lines;  /* struct string_list, one for each assignment */
extern const struct key_type type_environment, type_tmpfs_size;

/* --- core/config/keys_families.c: struct config_pairs --- */

extern const struct key_type type_cgroup, type_sysctl, type_proc, type_prlimit;

/* --- core/config/keys_mount.c --- */

extern const struct key_type type_mount_auto, type_mount_entry, type_rootfs_options, type_rootfs_path;

/* --- core/config/keys_run.c --- */

extern const struct key_type type_arch, type_idmap, type_caps, type_namespaces, type_namespace_share,
    type_time_offset, type_groups, type_log_level, type_syslog, type_hook_version, type_hooks,
    type_cgroup_dir, type_proxy;

/* --- core/config/parse.c --- */

extern const struct key_type type_include; /* sets nothing: reads on */

/* --- core/config/nets.c --- */

extern const struct key_type type_nets; /* the family lxc.net */

/* The row of net_keys for "0.veth.pair" (what follows "lxc.net."); NULL when there is none. */
const struct key *net_key_find(const char *rest);

/* --- Helpers of the types --- */

/* "KEY takes WANTED, not "VALUE"": -EINVAL. */
int setting_refuse(const struct setting *s, struct error *err, const char *wanted);
int setting_no_memory(const struct setting *s, struct error *err);

/* strdup() into a member, freeing what was there: 0 or -ENOMEM with `err` filled. */
int setting_keep(char **member, const char *value, const struct setting *s, struct error *err);

/* strtoul(3)-like whole-string number with base 0 as LXC reads numbers; 0 or -EINVAL. */
int setting_number(const char *text, uint64_t max, uint64_t *out);

/* The next word of a list separated by blanks, cut out of `*rest`; NULL at the end. */
char *next_word(char **rest);

/* The path without repeated slashes, "." parts and a slash at the end; allocated. */
char *path_simplify(const char *path);

/* The number of a signal: "SIGINT" in any case, "SIGRTMIN+3", "SIGRTMAX-4" or digits; -EINVAL. */
int signal_parse(const char *text);

/*
 * One line of fstab(5); `*m` is all zero, and to be freed whatever is returned. -EINVAL for fewer than three
 * fields, the others being empty then; -ENOMEM.
 */
int mount_parse(const char *line, const char *origin, struct config_mount *m);
void mount_free(struct config_mount *m);

/*
 * Arrays that know their count alone have room for the next power of two. array_grow() makes room for one
 * more item of `size` bytes: the array, perhaps moved, or NULL when out of memory (the old one stays).
 */
size_t array_room(size_t count);
void *array_grow(void *items, size_t count, size_t size);

#endif
