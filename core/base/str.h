/*
 * Strings: a growing buffer, a list, and common predicates and conversions. Allocation failure is reported
 * like any other error, as -ENOMEM (or NULL).
 */
#ifndef LXCBOX_CORE_BASE_STR_H
#define LXCBOX_CORE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing, always terminated string. Start with STRBUF_INIT; release with strbuf_free or cleanup_strbuf. */
struct strbuf {
    char *text;
    size_t length;
    size_t capacity;
};

#define STRBUF_INIT                                                                                          \
    {                                                                                                        \
        0                                                                                                    \
    }
#define cleanup_strbuf __attribute__((cleanup(strbuf_free)))

void strbuf_free(struct strbuf *b);
/* Append; 0 or -ENOMEM (the contents are unchanged). */
int strbuf_add(struct strbuf *b, const void *bytes, size_t length);
int strbuf_puts(struct strbuf *b, const char *text);
int strbuf_printf(struct strbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The text; "" for an empty buffer. Owned by the buffer. */
const char *strbuf_text(const struct strbuf *b);
/* Take the text out of the buffer, which is then empty; the caller frees it. NULL only when out of memory. */
char *strbuf_take(struct strbuf *b);

/*
 * A list that owns its strings; `items` has a NULL after the last string, so that it can be used as an argv.
 */
struct string_list {
    char **items;
    size_t count;
};

#define cleanup_string_list __attribute__((cleanup(string_list_clear)))

int string_list_add(struct string_list *l, const char *text);
/* Add a string allocated by malloc; the list takes ownership, and the string is freed also on -ENOMEM. */
int string_list_take(struct string_list *l, char *text);
void string_list_clear(struct string_list *l);
bool string_list_has(const struct string_list *l, const char *text);

bool starts_with(const char *text, const char *prefix);
bool ends_with(const char *text, const char *suffix);

/*
 * Copy the word with this index (from 0) from a line, which may end with a newline; words are separated by
 * blanks. False if there is no such word or it does not fit. For the tables in /proc: scanf would add 9 KB to
 * the executable.
 */
bool line_word(const char *line, unsigned index, char *out, size_t size);

/*
 * Decode, in place, octal escapes such as "\\040", which fstab(5) and the mount tables in /proc use for
 * blanks and backslashes.
 */
void text_unescape(char *text);
/* Append a field of such a line, with blanks and backslashes as octal escapes; 0 or -ENOMEM. */
int strbuf_escape(struct strbuf *b, const char *text);

/* The bytes of the UTF-8 character at `s`, 1 to 4 of `available`; 0 if it is not valid. RFC 3629, section 4.
 */
size_t utf8_length(const unsigned char *s, size_t available);

/*
 * Replace with '?' each byte that a terminal would obey: control characters (but those in `keep`), DEL, and
 * those from U+0080 to U+009F, in UTF-8 or as single bytes. Other bytes stay, also where they are not UTF-8.
 */
void text_make_printable(char *text, size_t length, const char *keep);

/* Would text_make_printable() change the text? Tabs are not counted. */
bool text_has_control(const char *text);

/* Overwrite a text that is a secret, free it, and set *text to NULL; *text may be NULL. */
void text_erase(char **text);

/* A formatted string the caller frees, or NULL when out of memory. */
char *format_string(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whole-string decimal (or 0x, 0 with base 0) number in [min, max]; 0, -EINVAL or -ERANGE. */
int parse_int64(const char *text, int base, int64_t min, int64_t max, int64_t *out);
int parse_uint64(const char *text, int base, uint64_t max, uint64_t *out);

/* The value of a hexadecimal digit, in any case; -1 for any other byte. */
int hex_digit(char c);

#endif
