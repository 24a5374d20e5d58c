#include "fetch/http/proxy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/encoding/base64.h"

static const char *proxy_variable(const char *lower, const char *upper)
{
    const char *value = getenv(lower);

    if (!value && upper)
        value = getenv(upper);
    return value && *value ? value : NULL;
}

bool proxy_excepts(const char *no_proxy, const char *host)
{
    size_t host_length = strlen(host);

    while (*no_proxy) {
        size_t length = strcspn(no_proxy, ", \t"), skip = 0;
        const char *word = no_proxy;

        no_proxy += length + (no_proxy[length] != '\0');
        if (length == 1 && *word == '*')
            return true;
        while (skip < length && (word[skip] == '.' || word[skip] == '*'))
            skip++;
        word += skip;
        length -= skip;
        if (length == 0 || length > host_length ||
            strncasecmp(host + host_length - length, word, length) != 0)
            continue;
        if (length == host_length || host[host_length - length - 1] == '.')
            return true;
    }
    return false;
}

int proxy_for(const struct url *u, struct url *out, struct error *err)
{
    const char *name = u->https ? "https_proxy" : "http_proxy";
    const char *value = proxy_variable(name, u->https ? "HTTPS_PROXY" : NULL),
               *except = proxy_variable("no_proxy", "NO_PROXY");
    char text[URL_MAX + 8] = "http://";
    int r;

    if (!value || (except && proxy_excepts(except, u->host)))
        return 0;
    if (!strstr(value, "://") && strlen(value) <= URL_MAX)
        value = strcat(text, value);
    r = url_parse(name, value, out, err);
    if (r)
        return r;
    if (out->https) {
        url_free(out);
        error_text(err, EINVAL, "%s specifies an https:// proxy, which is not supported", name);
        return error_remedy(err, "specify the http:// port of the proxy; https passes through it encrypted");
    }
    return 1;
}

char *proxy_basic_credentials(const char *user)
{
    cleanup_strbuf struct strbuf out = STRBUF_INIT;

    if (strbuf_puts(&out, "Basic ") < 0 || base64_encode(user, strlen(user), &out) < 0)
        return NULL;
    return strbuf_take(&out);
}
