/*
 * Sockets that act on another network namespace, without moving the process into it. network_namespaces(7).
 */
#ifndef LXCBOX_NET_LINK_NETNS_H
#define LXCBOX_NET_LINK_NETNS_H

/*
 * socket(2) in the network namespace `netns` (an fd; -1: the caller's own), close-on-exec. A socket stays in
 * the namespace in which it was created. A user other than root can create sockets in namespaces that it
 * owns. Only the calling thread enters the namespace, and only during this call. If the return fails, the
 * process exits, because in the wrong namespace it could change the wrong network. Returns an fd or a
 * negative errno.
 */
int netns_socket(int netns, int domain, int type, int protocol);

#endif
