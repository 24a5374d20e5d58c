#!/bin/bash
# What a test run must leave as it was: nodes of /dev, mounts, cgroups, named network namespaces, interfaces, firewall
# rules, settings of the kernel, processes of tests,
# and files that LXC keeps. Prints one line for each. tests/run compares two of these.
export LC_ALL=C

nodes() { # loop devices come and go by number; their mode must not change
    find /dev -maxdepth 2 ! -path '/dev/pts/*' ! -path '/dev/shm/*' ! -path '/dev/fd/*' ! -name 'loop[0-9]*' \
        -printf '/dev %p %y %m %u %g %l\n'
}
# "ip netns" of iproute2 makes /run/netns a mount and leaves it.
mounts() { awk '$5 != "/run/netns" { print "mount", $5 }' /proc/self/mountinfo; }
# Those of containers. Stock LXC makes lxc.pivot and leaves it.
cgroups() { find /sys/fs/cgroup -type d -name 'lxc.*' ! -name lxc.pivot -printf 'cgroup %p\n' 2> /dev/null; }
namespaces() { find /run/netns /var/run/netns -maxdepth 1 -type f -printf 'netns %p\n' 2> /dev/null; }
links() { find /sys/class/net -maxdepth 1 -type l -printf 'link %f\n'; }
firewall() {
    command -v nft > /dev/null && nft list ruleset 2> /dev/null | sed -E 's/(packets|bytes) [0-9]+/\1/g; s/^/nft /'
    for tables in iptables-save ip6tables-save; do
        command -v $tables > /dev/null && $tables 2> /dev/null | grep -v '^#' | sed -E "s/\[[0-9:]+\]//; s/^/$tables /"
    done
}
settings() { # those that containers, networks and their tests change
    local file
    for file in $(find /proc/sys/net/ipv4 /proc/sys/net/ipv6 /proc/sys/net/bridge /proc/sys/user \
        /proc/sys/kernel/core_pattern \
        /proc/sys/kernel/hostname /proc/sys/kernel/domainname /proc/sys/fs/inotify -type f 2> /dev/null); do
        case $file in *tcp_fastopen_key | */stable_secret | */route/flush) continue ;; esac
        printf 'sysctl %s %s\n' "$file" "$(tr -s '\n\t' '  ' < "$file" 2> /dev/null)"
    done
}
processes() { pgrep -af -- '/tmp/lxcbox-test\.' | sed 's/^[0-9]*/process/'; }

# Stock LXC makes three directories in /run/lxc and leaves them.
files() {
    find /etc/lxc /etc/default/lxc /etc/default/lxc-net /var/lib/lxc /run/lxc /var/cache/lxc -maxdepth 1 \
        ! -path /run/lxc ! -path /run/lxc/lock ! -path /run/lxc/rootfs ! -path /run/lxc/tmp \
        -printf 'file %p %y %m\n' 2> /dev/null
}

{
    nodes
    mounts
    cgroups
    namespaces
    links
    firewall
    settings
    processes
    files
} 2> /dev/null | sort
