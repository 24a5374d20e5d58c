#include "fetch/http/certificate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"

enum {
    DER_BOOLEAN = 0x01,
    DER_OCTETS = 0x04,
    DER_OID = 0x06,
    DER_UTC_TIME = 0x17,
    DER_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_VERSION = 0xa0,
    DER_EXTENSIONS = 0xa3,
    NAME_DNS = 0x82,
    NAME_ADDRESS = 0x87
};

struct der {
    const unsigned char *at, *end;
};

/* Take the next element. Returns its tag, or -1 at the end or if the bytes are not DER. */
static int der_take(struct der *in, struct der *value)
{
    size_t length, left = (size_t)(in->end - in->at);
    const unsigned char *at = in->at;
    int tag;

    if (left < 2 || (at[0] & 0x1f) == 0x1f)
        return -1;
    tag = *at++;
    length = *at++;
    left -= 2;
    if (length & 0x80) {
        size_t bytes = length & 0x7f;

        if (bytes == 0 || bytes > 3 || bytes > left)
            return -1;
        for (length = 0, left -= bytes; bytes > 0; bytes--)
            length = length << 8 | *at++;
    }
    if (length > left)
        return -1;
    *value = (struct der){at, at + length};
    in->at = at + length;
    return tag;
}

/* Take an element that must have this tag. */
static bool der_take_tag(struct der *in, int tag, struct der *value)
{
    return der_take(in, value) == tag;
}

static bool der_is_oid(const struct der *value, unsigned char third, unsigned char second)
{
    return value->end - value->at == 3 && value->at[0] == 0x55 && value->at[1] == second &&
           value->at[2] == third;
}

/* Two decimal digits, or -1. */
static int certificate_pair(const unsigned char *at)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return -1;
    return (at[0] - '0') * 10 + at[1] - '0';
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t days_before(int year, int month, int day)
{
    static const short before_month[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t last = year - 1, days = last * 365 + last / 4 - last / 100 + last / 400 - 719162;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days + before_month[month - 1] + (leap && month > 2) + day - 1;
}

/* RFC 5280 4.1.2.5: YYMMDDHHMMSSZ up to 2049, YYYYMMDDHHMMSSZ from then on. */
static bool certificate_take_time(struct der *in, int64_t *out)
{
    struct der value;
    int tag = der_take(in, &value), parts[5], year;
    size_t digits = tag == DER_UTC_TIME ? 12 : 14;
    const unsigned char *at;

    if ((tag != DER_UTC_TIME && tag != DER_TIME) || (size_t)(value.end - value.at) != digits + 1)
        return false;
    at = value.at;
    year = certificate_pair(at);
    at += 2;
    if (year < 0)
        return false;
    if (tag == DER_UTC_TIME) {
        year += year < 50 ? 2000 : 1900;
    } else {
        if (certificate_pair(at) < 0)
            return false;
        year = year * 100 + certificate_pair(at);
        at += 2;
    }
    for (int i = 0; i < 5; i++, at += 2) {
        parts[i] = certificate_pair(at);
        if (parts[i] < 0)
            return false;
    }
    if (year < 1 || parts[0] < 1 || parts[0] > 12 || parts[1] < 1 || parts[1] > 31)
        return false;
    *out = days_before(year, parts[0], parts[1]) * 86400 + parts[2] * 3600 + parts[3] * 60 + parts[4];
    return true;
}

/* Add a name to the list, unless it does not fit completely or has characters that must not be sent to a
 * terminal. */
static void certificate_add_name(struct certificate *c, const unsigned char *name, size_t length)
{
    size_t used = strlen(c->names), between = used ? 2 : 0;

    if (length == 0 || used + between + length >= sizeof(c->names))
        return;
    for (size_t i = 0; i < length; i++)
        if (name[i] <= 0x20 || name[i] >= 0x7f)
            return;
    memcpy(c->names + used, ", ", between);
    memcpy(c->names + used + between, name, length);
    c->names[used + between + length] = '\0';
}

static void certificate_take_names(struct der names, const unsigned char *address, size_t address_length,
                                   struct certificate *c)
{
    struct der value;

    for (int tag; (tag = der_take(&names, &value)) >= 0;) {
        size_t length = (size_t)(value.end - value.at);
        char text[INET6_ADDRSTRLEN];

        if (tag == NAME_DNS)
            certificate_add_name(c, value.at, length);
        if (tag != NAME_ADDRESS || (length != 4 && length != 16))
            continue;
        if (address && length == address_length && memcmp(value.at, address, length) == 0)
            c->has_address = true;
        if (inet_ntop(length == 4 ? AF_INET : AF_INET6, value.at, text, sizeof(text)))
            certificate_add_name(c, (const unsigned char *)text, strlen(text));
    }
}

/* The subject's common name, which is used if there are no alternative names. */
static void certificate_take_common_name(struct der subject, struct certificate *c)
{
    struct der set, pair_of, oid, value;

    while (der_take_tag(&subject, DER_SET, &set))
        if (der_take_tag(&set, DER_SEQUENCE, &pair_of) && der_take_tag(&pair_of, DER_OID, &oid) &&
            der_is_oid(&oid, 3, 4) && der_take(&pair_of, &value) >= 0)
            certificate_add_name(c, value.at, (size_t)(value.end - value.at));
}

static void certificate_take_extensions(struct der extensions, const unsigned char *address,
                                        size_t address_length, struct certificate *c)
{
    struct der list, one, oid, value, names;

    if (!der_take_tag(&extensions, DER_SEQUENCE, &list))
        return;
    while (der_take_tag(&list, DER_SEQUENCE, &one)) {
        int tag;

        if (!der_take_tag(&one, DER_OID, &oid) || !der_is_oid(&oid, 17, 29))
            continue;
        tag = der_take(&one, &value);
        if (tag == DER_BOOLEAN)
            tag = der_take(&one, &value);
        if (tag == DER_OCTETS && der_take_tag(&value, DER_SEQUENCE, &names))
            certificate_take_names(names, address, address_length, c);
    }
}

int certificate_read(const unsigned char *der, size_t length, const unsigned char *address,
                     size_t address_length, struct certificate *out)
{
    struct der in = {der, der + length}, certificate, body, value, subject, validity;
    struct certificate c = {0};
    int tag;

    if (!der_take_tag(&in, DER_SEQUENCE, &certificate) || !der_take_tag(&certificate, DER_SEQUENCE, &body))
        return -EBADMSG;
    tag = der_take(&body, &value);
    if (tag == DER_VERSION)
        tag = der_take(&body, &value);                                           /* the serial number */
    if (tag < 0 || der_take(&body, &value) < 0 || der_take(&body, &value) < 0 || /* algorithm, issuer */
        !der_take_tag(&body, DER_SEQUENCE, &validity) || !der_take_tag(&body, DER_SEQUENCE, &subject) ||
        !certificate_take_time(&validity, &c.not_before) || !certificate_take_time(&validity, &c.not_after))
        return -EBADMSG;
    while ((tag = der_take(&body, &value)) >= 0)
        if (tag == DER_EXTENSIONS)
            certificate_take_extensions(value, address, address_length, &c);
    if (!c.names[0])
        certificate_take_common_name(subject, &c);
    *out = c;
    return 0;
}

bool certificate_in_time(const struct certificate *c, int64_t now)
{
    return now >= c->not_before && now <= c->not_after;
}

static const char *certificate_date(int64_t seconds, char out[static 40])
{
    time_t t = (time_t)seconds;
    struct tm tm;

    if (!gmtime_r(&t, &tm) || strftime(out, 40, "%Y-%m-%d", &tm) == 0)
        return "an invalid date";
    return out;
}

int certificate_explain_time(const char *host, const struct certificate *c, int64_t now, struct error *err)
{
    char today[40], limit[40];
    bool early = now < c->not_before;

    if (now < CLOCK_LEAST) {
        error_text(err, EKEYEXPIRED,
                   "cannot check the certificate of %s: the clock reads %s, which is too early", host,
                   certificate_date(now, today));
        error_remedy(err, "set the clock: date -s \"YYYY-MM-DD hh:mm\"");
        return -EKEYEXPIRED;
    }
    error_text(err, EKEYEXPIRED, "the certificate of %s %s %s, and the clock reads %s", host,
               early ? "is not valid before" : "expired on",
               certificate_date(early ? c->not_before : c->not_after, limit), certificate_date(now, today));
    error_remedy(err, "if that date is wrong, set the clock; else the server needs another certificate");
    return -EKEYEXPIRED;
}
