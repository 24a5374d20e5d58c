/* A certificate as a server shows it, in DER; and a user's file of authorities, in PEM. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/http/certificate.h"
#include "fetch/http/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char address[4] = {192, 0, 2, 7};
    struct error err = ERROR_INIT;
    struct certificate c;
    struct trust t;

    if (certificate_read(data, size, address, sizeof(address), &c) == 0) {
        for (const char *at = c.names; *at; at++)
            if (*at < ' ' || *at >= 0x7f)
                abort();
        if (!certificate_in_time(&c, 0))
            certificate_explain_time("it", &c, 0, &err);
        certificate_explain_time("it", &c, INT64_C(4000000000), &err);
    }
    if (trust_parse((const char *)data, size, "it", &t, &err) == 0)
        trust_free(&t);
    return 0;
}
