# Two hundred containers, driven by eight callers at once: nobody's work is lost, and nothing stays behind.
. tests/lib.sh
needs_root
P=$WORK/lxc
ID=pa$$
count=200 callers=8
bridge=br$ID
mkdir "$P"

cleanup "ip link del $bridge"
cleanup 'each lxcbox lxc-stop -k -P "$P" -n'
ip link add "$bridge" type bridge && ip link set "$bridge" up
printf '%s\n' 'lxc.net.0.type = veth' "lxc.net.0.link = $bridge" 'lxc.net.0.flags = up' > "$WORK/config"
must lxcbox lxc-create -P "$P" -n "$ID-0" -f "$WORK/config" -t busybox
# One read-only rootfs for all; an init that ends when it is asked to.
printf '#!/bin/sh\ntrap "exit 0" USR1\nwhile :; do sleep 1000 & wait $!; done\n' > "$P/$ID-0/rootfs/sbin/quick-init"
chmod 755 "$P/$ID-0/rootfs/sbin/quick-init"
names=()
for ((i = 1; i <= count; i++)); do
    names+=("$ID-$i")
    mkdir "$P/$ID-$i"
    sed -e "s/^lxc.uts.name.*/lxc.uts.name = $ID-$i/" -e '/^lxc.mount.entry/d' "$P/$ID-0/config" > "$P/$ID-$i/config"
    printf '%s\n' 'lxc.rootfs.options = ro' 'lxc.init.cmd = /sbin/quick-init' 'lxc.tty.max = 0' >> "$P/$ID-$i/config"
done
export LXCBOX
each() { printf '%s\n' "${names[@]}" | xargs -P $callers -n 1 "${@/#lxcbox/$LXCBOX}"; }
states() { lxcbox lxc-ls -P "$P" -f -F STATE --active | sed 1d | sort | uniq -c | awk '{ print $1, $2 }'; }
cgroups() { find /sys/fs/cgroup -maxdepth 3 -type d -name "*.$ID-*"; }
links() { ip -o link show master "$bridge"; }
processes() { pgrep -f "^\\[lxc monitor\\] $P "; }
settled() { # COMMAND...: it comes to print nothing
    for ((i = 0; i < 500; i++)); do [ -z "$("$@")" ] && return; sleep 0.02; done
    "$@"
    return 1
}

t "$count containers start" each lxcbox lxc-start -P "$P" -n
t 'all of them run' is "$count RUNNING" states
process_count() { processes | wc -l; }
t 'each has its own monitor' is $count process_count
link_count() { links | wc -l; }
t 'each has its own link on the bridge' is $count link_count
each_has_its_own_name() {
    each sh -c "\"\$LXCBOX\" lxc-attach -P $P -n \"\$0\" -- hostname" | sort
}
t 'each has its own name' is "$(printf '%s\n' "${names[@]}" | sort)" each_has_its_own_name
list_often() { for ((i = 0; i < callers; i++)); do lxcbox lxc-ls -P "$P" --running -1 > "$WORK/list.$i" & done; wait; }
every_caller_lists_all_of_them() {
    list_often
    for ((i = 0; i < callers; i++)); do
        [ "$(wc -l < "$WORK/list.$i")" = $count ] || { wc -l "$WORK"/list.*; false; break; }
    done
}
t 'every caller lists all of them' every_caller_lists_all_of_them
freeze_all() { each lxcbox lxc-freeze -P "$P" -n && is "$count FROZEN" states; }
t 'all are frozen' freeze_all
thaw_all() { each lxcbox lxc-unfreeze -P "$P" -n && is "$count RUNNING" states; }
t 'all are thawed' thaw_all
limit() {
    each sh \
        -c '"$LXCBOX" lxc-cgroup -P "$1" -n "$2" memory.limit_in_bytes $((16777216 + ${2##*-} * 65536))' \
        limit "$P"
}
limits() { for name in "${names[@]}"; do cat "/sys/fs/cgroup/memory/lxc.payload.$name/memory.limit_in_bytes"; done; }
if [ -d /sys/fs/cgroup/memory ]; then
    each_keeps_its_own_limit() {
        limit && is "$(for ((i = 1; i <= count; i++)); do echo $((16777216 + i * 65536)); done)" limits
    }
    t 'each keeps its own limit' each_keeps_its_own_limit
fi
contend() { # half of them, each by two callers
    printf '%s\n' "${names[@]:0:count/2}" "${names[@]:0:count/2}" |
        xargs -P $callers -n 1 "$LXCBOX" lxc-stop -P "$P" -t 20 -n
    true
}
two_callers_may_stop_same_container() {
    contend 2> "$WORK/contended"
    ! grep -v "is not running" "$WORK/contended" && is "$((count / 2)) RUNNING" states
}
t 'two callers may stop the same container' two_callers_may_stop_same_container
names=("${names[@]:count/2}")
kill_all() { each lxcbox lxc-stop -k -P "$P" -n && is "" states; }
t 'the others are killed' kill_all
t 'no process is left' settled processes
t 'no cgroup is left' settled cgroups
t 'no link is left' settled links
t 'no mount is left' fails grep -F "$P" /proc/mounts
