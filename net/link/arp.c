#include "net/link/arp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "net/link/netns.h"

_Static_assert(sizeof(struct ether_arp) == ARP_SIZE, "as on the wire");

int arp_open(int netns, int index)
{
    struct sockaddr_ll on = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP), .sll_ifindex = index};
    cleanup_fd int fd = netns_socket(netns, AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return fd;
    return bind(fd, (struct sockaddr *)&on, sizeof(on)) < 0 ? -errno : take_fd(&fd);
}

int arp_send(int fd, int index, const uint8_t hardware[6], uint32_t sender, uint32_t target)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETH_P_ARP),
                             .sll_ifindex = index,
                             .sll_halen = 6,
                             .sll_addr = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    struct ether_arp a = {.ea_hdr = {.ar_hrd = htons(ARPHRD_ETHER),
                                     .ar_pro = htons(ETH_P_IP),
                                     .ar_hln = 6,
                                     .ar_pln = 4,
                                     .ar_op = htons(ARPOP_REQUEST)}};

    sender = htonl(sender);
    target = htonl(target);
    memcpy(a.arp_sha, hardware, 6);
    memcpy(a.arp_spa, &sender, 4);
    memcpy(a.arp_tpa, &target, 4);
    return sendto(fd, &a, sizeof(a), 0, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

bool arp_conflicts(const uint8_t *bytes, size_t length, const uint8_t hardware[6], uint32_t address)
{
    struct ether_arp a;
    uint32_t sender, target;

    if (length < sizeof(a))
        return false;
    memcpy(&a, bytes, sizeof(a));
    if (a.ea_hdr.ar_hrd != htons(ARPHRD_ETHER) || a.ea_hdr.ar_pro != htons(ETH_P_IP) ||
        a.ea_hdr.ar_hln != 6 || a.ea_hdr.ar_pln != 4 || memcmp(a.arp_sha, hardware, 6) == 0)
        return false;
    memcpy(&sender, a.arp_spa, 4);
    memcpy(&target, a.arp_tpa, 4);
    return ntohl(sender) == address ||
           (sender == 0 && a.ea_hdr.ar_op == htons(ARPOP_REQUEST) && ntohl(target) == address);
}
