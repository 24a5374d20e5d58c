# A user who is not root runs a container in cgroups that were given to it, with the one id that is its own to map.
. tests/lib.sh
needs_root
if [ ! -x /bin/busybox ] || ! command -v setpriv > /dev/null; then
    skip 'a user who is not root runs a container' 'needs busybox-static and util-linux'
    exit 0
fi
user=64000 P=$WORK/lxc R=$WORK/lxc/u$$/rootfs
chmod 755 "$WORK" &&
    mkdir -p "$R"/{bin,dev,proc,sys,etc,tmp} &&
    cp /bin/busybox "$R/bin/busybox" &&
    cp "$LXCBOX" "$WORK/lxcbox"
for applet in sh cat id sleep mkdir ip ls hostname; do ln -s busybox "$R/bin/$applet"; done
cat > "$P/u$$/config" << END
lxc.rootfs.path = dir:$R
lxc.uts.name = theirs
lxc.net.0.type = empty
lxc.idmap = u 0 $user 1
lxc.idmap = g 0 $user 1
lxc.mount.auto = proc:rw cgroup:rw:force
END
chown -R $user:$user "$P"

# What an administrator or a session manager does: a cgroup of the user's own in every hierarchy, to be started from.
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then hierarchies=(/sys/fs/cgroup); else hierarchies=(/sys/fs/cgroup/*/); fi
for h in "${hierarchies[@]}"; do
    given=$h/user$$
    mkdir "$given" || exit 1
    for setting in cpuset.cpus cpuset.mems; do
        [ -e "$given/$setting" ] && cat "$h/$setting" > "$given/$setting"
    done 2> /dev/null
    for file in "$given" "$given"/{tasks,cgroup.procs,cgroup.threads,cgroup.subtree_control}; do
        [ -e "$file" ] && chown $user:$user "$file"
    done
done
cleanup 'for h in "${hierarchies[@]}"; do find $h/user$$ -depth -type d -exec rmdir {} +; done'
# PATH is empty: newuidmap(1) could map more.
as_user() {
    (
        for h in "${hierarchies[@]}"; do echo 0 > "$h/user$$/cgroup.procs" || exit 1; done
        HOME=$WORK PATH=/nowhere exec "$(type -P setpriv)" --reuid $user --regid $user \
            --clear-groups "$WORK/lxcbox" "$@"
    )
}
execute() { as_user lxc-execute -P "$P" -n u$$ "$@"; }
cleanup 'as_user lxc-stop -k -P $P u$$'

t 'it is root inside' is 0 execute -- id -u
t 'the loopback is up' has '<LOOPBACK,UP' execute -- ip link
t 'the container has the cgroups to itself' execute -- sh \
    -c 'for h in /sys/fs/cgroup/pids /sys/fs/cgroup; do [ ! -e $h/cgroup.procs ] || exec mkdir $h/mine; done'
t 'it runs in the background' as_user lxc-start -P "$P" -n u$$ -- /bin/sleep 600
uid_of_init() { stat -c %u /proc/$(as_user lxc-info -P "$P" -n u$$ -p -H); }
t 'its init is the user outside' is $user uid_of_init
t 'it is entered' is theirs as_user lxc-attach -P "$P" -n u$$ -- hostname
stops() { as_user lxc-stop -k -P "$P" u$$ && is STOPPED as_user lxc-state -P "$P" u$$; }
t 'it is stopped' stops
t 'nothing of it is left in the cgroups' is '' find "${hierarchies[@]}" -path "*/user$$/*" -type d
t 'ids that are not its own are refused' refuses 'cannot map ids as an unprivileged user: newuidmap is not installed' \
    execute -s 'lxc.idmap=u 1 100000 10' -- id
