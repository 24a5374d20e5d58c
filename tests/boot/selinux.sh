#!/bin/bash
# A container in an SELinux context of its own, under a policy that is enforced: what the policy denies is denied.
. "$(dirname "$0")/../lib.sh"
. tests/vm.sh
vm_native
vm_needs
for need in busybox checkpolicy; do
    command -v $need > /dev/null || { skip 'SELinux contexts' "needs $need"; exit 0; }
done

# A policy of few words: classes and permissions that it does not have are allowed. The kernel finds the contexts of
# what it makes before it has read the policy, the initial SIDs, by their place in the list: the 1st is the kernel's own
# and of all who run, the 27th, the last, that of /dev/null. security/selinux/include/initial_sid_to_string.h
sids=$(seq -f 'sid s%.0f' 2 27)
cat > "$WORK/policy" << POLICY
class process
class file
class dir
class key
sid kernel
$sids
class process { transition dyntransition }
class file { write entrypoint }
class dir { add_name }
class key { view }

# Lets lxc-execute's init, whose file is none of the container's, change its context: kernel 4.14 on.
policycap nnp_nosuid_transition;

# host_t: whatever runs on the host. box_t, guest_t: in a container. thing_t: every file, but for those of denied_t.
type host_t;
type box_t;
type guest_t;
type thing_t;
type denied_t;
type keyring_t;
role r;
role r types { host_t box_t guest_t thing_t denied_t keyring_t };
allow host_t { box_t guest_t }:process { transition dyntransition };
allow { host_t box_t guest_t } { self thing_t }:file { write entrypoint };
allow { host_t box_t guest_t } thing_t:dir add_name;
allow host_t denied_t:file write;
allow host_t denied_t:dir add_name;
allow host_t { host_t box_t keyring_t }:key view;
allow { box_t guest_t } box_t:key view;
user u roles r;

sid kernel u:r:host_t
$(sed 's/$/ u:r:thing_t/' <<< "$sids")
$(printf 'fs_use_trans %s u:r:thing_t;\n' devpts tmpfs devtmpfs)
$(printf 'genfscon %s / u:r:thing_t\n' rootfs proc sysfs selinuxfs cgroup2)
POLICY
# Version 33: a newer checkpolicy writes by default what the kernel cannot read.
t 'a policy is compiled' checkpolicy -c 33 -U allow -o "$WORK/compiled" "$WORK/policy"

vm_guest "$WORK/guest"
cat >> "$WORK/guest" << 'GUEST'
mount -t cgroup2 cgroup /sys/fs/cgroup
mount -t selinuxfs selinux /sys/fs/selinux
make_container 'lxc.selinux.context = u:r:box_t' 'lxc.mount.entry = tmpfs denied tmpfs context=u:r:denied_t 0 0'
mkdir /lxc/c/rootfs/denied
context() { tr -d '\0' < "/proc/$1/attr/current"; }

t 'the policy is loaded' dd if=/compiled of=/sys/fs/selinux/load bs=1M
enforce() { echo 1 > /sys/fs/selinux/enforce && is 1 cat /sys/fs/selinux/enforce; }
t 'SELinux is enforcing' enforce
t 'a container starts in the context asked for' box start
t 'its init is in it' is u:r:box_t context "$(box info -p -H)"
t 'its monitor is not' is u:r:host_t context "$(ps | awk '/lxc monitor/ { print $1; exit }')"
t 'a command of lxc-attach is in it' has '^u:r:box_t' inside 'busybox cat /proc/self/attr/current'
t 'a write that the policy denies is denied' has 'Permission denied' inside 'echo x > /denied/file'
t 'an allowed one is allowed' inside 'echo x > /tmp/file'
t 'lxc-attach -c sets the context' has '^u:r:guest_t' \
    box attach -c u:r:guest_t -- /bin/busybox cat /proc/self/attr/current
t 'lxc-attach -c refuses a context that the policy does not know' has '^lxc-attach: .*u:r:nowhere_t' \
    box attach -c u:r:nowhere_t -- /bin/busybox true
t 'elevated privileges leave the context' has '^u:r:host_t' \
    box attach --elevated-privileges=LSM -- /bin/busybox cat /proc/self/attr/current
t 'and may write' box attach --elevated-privileges=LSM -- /bin/sh -c 'echo x > /denied/file'
# /proc/keys shows the keys that one may view, and box_t may not view one of keyring_t.
t 'its session keyring has its context' has '^[1-9]' inside 'busybox grep -c keyring..*_ses /proc/keys'
t 'the container is stopped' box stop -k
t 'its session keyring has the context asked for' has '^0' box execute \
    -s lxc.selinux.context.keyring=u:r:keyring_t -- /bin/sh -c 'busybox grep -c keyring..*_ses /proc/keys'
context_that_policy_does_not_know() {
    box start -s lxc.selinux.context=u:r:nowhere_t 2>&1 || true
}
t 'a context that the policy does not know is refused' is \
    'lxc-start: c: lxc.selinux.context: the SELinux policy has no context u:r:nowhere_t '\
'(load a policy with this context, or clear the key)' \
    context_that_policy_does_not_know
t 'and one for keyrings' has 'lxc.selinux.context.keyring: the SELinux policy has no context u:r:nowhere_t' \
    box start -s lxc.selinux.context.keyring=u:r:nowhere_t
t 'a context that the policy does not allow is refused' has \
    'cannot execute /bin/busybox: Permission denied .let the SELinux policy allow the change to u:r:denied_t' \
    box start -s lxc.selinux.context=u:r:denied_t
t 'nothing is left of those that did not start' is '' find /sys/fs/cgroup -name 'lxc.*'
off
GUEST
links=()
for a in sh mount mkdir cat sed cp ln chmod grep poweroff dd ls ps tr awk find; do
    ln -s busybox "$WORK/$a"
    links+=(-a "$WORK/$a:/bin/$a")
done
t 'an initramfs is written' lxcbox mkinitramfs -o "$WORK/initrd" -m none -a "$(command -v busybox):/bin/busybox" \
    -a "$WORK/guest:/guest" -a "$WORK/compiled:/compiled" "${links[@]}"
vm_run "$WORK/initrd" 'rdinit=/guest security=selinux' > "$WORK/log"
cat "$WORK/log"
t 'the machine comes to its end' grep -q '^the end' "$WORK/log"
