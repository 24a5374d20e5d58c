/*
 * The key table. The parser, the writer, GET_CONFIG_ITEM and the test of the man page use a key only through
 * its row. A row names the type of the key (the functions that set, print and clear a value) and the member
 * that holds the value.
 */
#ifndef LXCBOX_CORE_CONFIG_KEYS_H
#define LXCBOX_CORE_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config/config.h"

struct key;
struct reader; /* core/config/parse.c: the context for lxc.include */

/* One assignment that is being applied to a config. */
struct setting {
    const struct key *key;
    const char *name;   /* the whole key as written: "lxc.cgroup2.memory.max" */
    const char *rest;   /* the part after the name of a family: "memory.max"; else "" */
    const char *value;  /* never empty in set() */
    const char *origin; /* "FILE:LINE" */
    const struct reader *reader;
    bool strict; /* config_check(): reject values that LXC parses but fails on at the start */
};

/*
 * `holder` is the struct to which the offset of the row applies: struct config, or struct config_net for the
 * rows of lxc.net.N. set() checks the whole value before it changes anything; on failure `err` describes the
 * accepted values, without file and line. It may return in `*kept` an allocated value to record instead of
 * the given one (an expanded template). get() appends the value in the format of config_get_item(). clear()
 * frees the value and leaves zero or the "not set" value of the type. may_clear(), if not NULL, rejects
 * clearing something that does not exist.
 */
struct key_type {
    int (*set)(void *holder, const struct setting *s, char **kept, struct error *err);
    int (*get)(const void *holder, const struct setting *s, struct strbuf *out);
    void (*clear)(void *holder, const struct setting *s);
    int (*may_clear)(const void *holder, const struct setting *s, struct error *err);
};

enum {
    KEY_FAMILY = 1,   /* the name is the prefix of a family of keys, without the dot */
    KEY_RESETS = 2,   /* an empty assignment sets the default, not zero */
    KEY_FILLED = 4,   /* an empty assignment is rejected */
    KEY_IMAGE = 16,   /* the configuration of an image may set the key: core/config/untrusted.h */
    KEY_ARCHIVE = 32, /* an archive of lxc-export may set the key too */
    KEY_ADDS = 64,    /* they may set but not clear the key, which would remove restrictions */
    /* As in LXC, the parser ignores a value that is not a number; only the start rejects it. */
    KEY_LATE = 8,
};

struct key {
    const char *name;
    const struct key_type *type;
    const char *initial; /* the default, as in a configuration file; NULL: not set */
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
 * The row for a key or for its family, with `*rest` set to the part after the name of the family. NULL if
 * there is no such row.
 */
const struct key *key_find(const struct key *table, const char *name, const char **rest);

/*
 * Suggest an existing key for a misspelt `name`; allocated. NULL if no key is similar (or when out of
 * memory).
 */
char *key_suggest(const char *name);

/*
 * Split a configuration line, in place, into its key and its value without quotes, as the parser does.
 * Returns 1; 0 for an empty line or a comment, -EINVAL for any other line.
 */
int config_line_split(char *line, char **key, char **value);

/* Set the key, or clear it for an empty value, without recording the assignment. */
int key_apply(void *holder, const struct setting *s, char **kept, struct error *err);

/* Set the defaults in a holder that is all zero, and reset a holder to all zero. */
void keys_init(const struct key *table, void *holder);
void keys_free(const struct key *table, void *holder);

/* --- Types for all parts of the table (core/config/types.c) --- */

int string_set(void *holder, const struct setting *s, char **kept, struct error *err);
int string_get(const void *holder, const struct setting *s, struct strbuf *out);
void string_clear(void *holder, const struct setting *s);
int path_set(void *holder, const struct setting *s, char **kept, struct error *err);
int int_get(const void *holder, const struct setting *s, struct strbuf *out);
void int_clear(void *holder, const struct setting *s);
int list_get(const void *holder, const struct setting *s, struct strbuf *out);

extern const struct key_type type_string;  /* char *; limit: its length, 0 for none */
extern const struct key_type type_path;    /* char *, simplified: no "//", no "/./", no trailing slash */
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

extern const struct key_type type_include; /* sets no member: reads the file */

/* --- core/config/nets.c --- */

extern const struct key_type type_nets; /* the family lxc.net */

/* The row of net_keys for "0.veth.pair" (the part after "lxc.net."); NULL if there is none. */
const struct key *net_key_find(const char *rest);

/* --- Helpers of the types --- */

/* "KEY takes WANTED, not "VALUE"": -EINVAL. */
int setting_refuse(const struct setting *s, struct error *err, const char *wanted);
int setting_no_memory(const struct setting *s, struct error *err);

/* strdup() into a member, whose old value is freed: 0 or -ENOMEM with `err` filled. */
int setting_keep(char **member, const char *value, const struct setting *s, struct error *err);

/* Convert a whole string to a number as strtoul(3) with base 0, like LXC. 0 or -EINVAL. */
int setting_number(const char *text, uint64_t max, uint64_t *out);

/* The next word of a list separated by blanks, removed from `*rest`; NULL at the end. */
char *next_word(char **rest);

/* The path without repeated slashes, "." components and trailing slash; allocated. */
char *path_simplify(const char *path);

/* The number of a signal: "SIGINT" in any case, "SIGRTMIN+3", "SIGRTMAX-4" or digits; -EINVAL. */
int signal_parse(const char *text);

/*
 * Parse one line of fstab(5). `*m` must be all zero; it must be freed also after an error. -EINVAL for fewer
 * than three fields (the others are then empty), -ENOMEM.
 */
int mount_parse(const char *line, const char *origin, struct config_mount *m);
void mount_free(struct config_mount *m);

/*
 * Arrays without a capacity member are allocated for the next power of two of their count. array_grow() makes
 * space for one more item of `size` bytes. It returns the array, which may have moved, or NULL when out of
 * memory (the old array is unchanged).
 */
size_t array_capacity(size_t count);
void *array_grow(void *items, size_t count, size_t size);

#endif
