/* Base64 with padding. Source: RFC 4648, section 4. */
#ifndef LXCBOX_CORE_ENCODING_BASE64_H
#define LXCBOX_CORE_ENCODING_BASE64_H

#include <stddef.h>

#include "core/base/str.h"

/* Append. Returns 0 or -ENOMEM. */
int base64_encode(const void *bytes, size_t length, struct strbuf *out);

/* Append the decoded bytes, which may contain NUL. Padding may be missing. Returns 0, -EINVAL or -ENOMEM. */
int base64_decode(const char *text, struct strbuf *out);

#endif
