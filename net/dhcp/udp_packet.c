#include "net/dhcp/udp_packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/bytes.h"
#include "core/base/cleanup.h"
#include "net/link/checksum.h"
#include "net/link/netns.h"

#define PROTOCOL_UDP 17
#define TTL          64

/* With the pseudo header: the addresses are at byte 12 of the IPv4 header. */
static uint16_t udp_checksum(const uint8_t *ip, const uint8_t *udp, size_t size)
{
    return checksum_fold(checksum_add(checksum_add(PROTOCOL_UDP + (uint32_t)size, ip + 12, 8), udp, size));
}

size_t udp_packet_build(const struct udp_packet *p, uint8_t out[UDP_PACKET_MAX])
{
    uint8_t *udp = out + 20;
    size_t udp_size = 8 + p->size;
    uint16_t sum;

    if (p->size > UDP_PACKET_MAX - UDP_HEADERS)
        return 0;
    memset(out, 0, UDP_HEADERS);
    out[0] = 0x45;
    write_be16(out + 2, (uint16_t)(20 + udp_size));
    write_be16(out + 6, 0x4000); /* don't fragment, so that no identification is needed; RFC 6864 */
    out[8] = TTL;
    out[9] = PROTOCOL_UDP;
    write_be32(out + 12, p->source);
    write_be32(out + 16, p->destination);
    write_be16(out + 10, checksum_fold(checksum_add(0, out, 20)));
    write_be16(udp, p->source_port);
    write_be16(udp + 2, p->destination_port);
    write_be16(udp + 4, (uint16_t)udp_size);
    memcpy(udp + 8, p->payload, p->size);
    sum = udp_checksum(out, udp, udp_size);
    write_be16(udp + 6, sum ? sum : 0xffff);
    return 20 + udp_size;
}

bool udp_packet_parse(const uint8_t *bytes, size_t length, bool check, struct udp_packet *out)
{
    size_t header = length >= 20 ? (size_t)(bytes[0] & 15) * 4 : 0, total, udp_size;
    const uint8_t *udp;

    if (header < 20 || bytes[0] >> 4 != 4 || bytes[9] != PROTOCOL_UDP || read_be16(bytes + 6) & 0x3fff)
        return false;
    total = read_be16(bytes + 2);
    if (total > length || header + 8 > total)
        return false;
    udp = bytes + header;
    udp_size = read_be16(udp + 4);
    if (udp_size < 8 || udp_size > total - header)
        return false;
    if (check && (checksum_fold(checksum_add(0, bytes, header)) != 0 ||
                  (read_be16(udp + 6) != 0 && udp_checksum(bytes, udp, udp_size) != 0)))
        return false;
    *out = (struct udp_packet){.source = read_be32(bytes + 12),
                               .destination = read_be32(bytes + 16),
                               .source_port = read_be16(udp),
                               .destination_port = read_be16(udp + 2),
                               .payload = udp + 8,
                               .size = udp_size - 8};
    return true;
}

/* UDP, first fragment, destination port: Documentation/networking/filter.rst. */
static int udp_set_filter(int fd, uint16_t port)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTOCOL_UDP, 0, 6),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 4, 0),
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {ARRAY_LENGTH(code), code};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno : 0;
}

int udp_packet_open(int netns, int index, uint16_t port)
{
    cleanup_fd int fd = netns_socket(netns, AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    /* Protocol 0 receives nothing. The filter is set before the bind, so that no other packet is received. */
    struct sockaddr_ll self = {
        .sll_family = AF_PACKET, .sll_protocol = htons(port ? ETH_P_IP : 0), .sll_ifindex = index};
    int on = 1, r;

    if (fd < 0)
        return fd;
    r = port ? udp_set_filter(fd, port) : 0;
    if (r < 0)
        return r;
    if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0 ||
        bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0)
        return -errno;
    return take_fd(&fd);
}

int udp_packet_send(int fd, int index, const uint8_t hardware[6], const struct udp_packet *p)
{
    struct sockaddr_ll to = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = index, .sll_halen = 6};
    uint8_t packet[UDP_PACKET_MAX];
    size_t size = udp_packet_build(p, packet);

    if (!size)
        return -EMSGSIZE;
    memcpy(to.sll_addr, hardware, 6);
    return sendto(fd, packet, size, 0, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

ssize_t packet_receive(int fd, void *bytes, size_t size, struct sockaddr_ll *from, bool *check)
{
    _Alignas(struct cmsghdr) uint8_t control[128];
    struct iovec iov = {bytes, size};
    struct msghdr m = {.msg_name = from,
                       .msg_namelen = sizeof(*from),
                       .msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof(control)};
    struct tpacket_auxdata aux = {0};
    struct cmsghdr *c;
    ssize_t got;

    *from = (struct sockaddr_ll){0};
    got = recvmsg(fd, &m, 0);
    if (got < 0)
        return -errno;
    c = CMSG_FIRSTHDR(&m); /* the only one requested */
    if (c && c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA)
        memcpy(&aux, CMSG_DATA(c), sizeof(aux));
    /* The checksum of a packet from the same machine (through a veth) is left to hardware offload and not
     * filled in. */
    *check = !(aux.tp_status & TP_STATUS_CSUMNOTREADY);
    return got;
}

int udp_packet_receive(int fd, uint8_t *buffer, struct udp_packet *out, uint8_t hardware[6])
{
    struct sockaddr_ll from;
    bool check;
    ssize_t got = packet_receive(fd, buffer, UDP_PACKET_MAX, &from, &check);

    if (got < 0)
        return (int)got;
    if (from.sll_pkttype == PACKET_OUTGOING)
        return 0;
    if (hardware)
        memcpy(hardware, from.sll_addr, 6);
    return udp_packet_parse(buffer, (size_t)got, check, out);
}
