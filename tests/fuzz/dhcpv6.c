/* DHCPv6 requests and router solicitations. */
#include <stdlib.h>

#include "net/dhcp/dhcpv6.h"
#include "net/dhcp/radv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dhcpv6 s = {.hardware = {2, 0, 0, 0, 0, 1}, .domain = "lxc.example"};
    uint8_t reply[DHCPV6_REPLY_MAX];

    if (dhcpv6_answer(&s, data, size, reply) > sizeof(reply))
        abort();
    radv_is_solicitation(data, size);
    return 0;
}
