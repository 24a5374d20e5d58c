/* What any host may answer to an ICMP echo request. The first byte chooses the family and the kind of socket.
 */
#include <stdint.h>
#include <stdlib.h>

#include "net/link/echo.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct echo_socket s = {.id = 0x1234};
    struct echo_answer a = {0};

    if (!length)
        return 0;
    s.ip.family = bytes[0] & 1 ? AF_INET6 : AF_INET;
    s.raw = bytes[0] & 2;
    if (echo_parse(&s, bytes + 1, length - 1, &a) == ECHO_REPLY &&
        (a.length < ECHO_HEADER || a.length > length - 1))
        abort();
    return 0;
}
