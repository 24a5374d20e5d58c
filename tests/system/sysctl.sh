# sysctl against procps's, in a network namespace of its own.
. tests/lib.sh
needs_root
reference=$(command -v sysctl)
# Everything is done in one namespace, whose settings are no one else's.
if [ -z "${SYSCTL_TEST_INSIDE:-}" ]; then
    SYSCTL_TEST_INSIDE=1 LXCBOX=$LXCBOX unshare -n bash "$0"
    exit
fi
ours() { lxcbox sysctl "$@"; }
same() { diff <("$reference" "$@" 2> /dev/null) <(ours "$@" 2> /dev/null); }

for words in net.ipv4.ip_forward net/ipv4/ip_forward '-n net.ipv4.ip_forward' '-N net.ipv4.ip_forward' \
    '-b net.ipv4.ip_forward' 'net.ipv4.ip_forward=1' '-n net.ipv4.ip_forward=0' '-q net.ipv4.ip_forward=1' \
    '-w net.ipv4.ip_forward=1' '-e no.such.key' 'net.ipv4.tcp_rmem' 'net.ipv4.ip_forward kernel.ostype'; do
    t "sysctl $words prints as procps" same $words
done
directory_lists_settings_as_procps() {
    diff <("$reference" net.ipv4.conf.lo | sort) <(ours net.ipv4.conf.lo | sort)
}
t 'a directory lists its settings as procps, sorted' directory_lists_settings_as_procps
sysctl_n_names_every_setting_that_procps() {
    # procps 4.0.4 leaves vm.stat_refresh out.
    diff <("$reference" -aN 2> /dev/null | grep -vx vm.stat_refresh | sort -u) \
        <(ours -aN | grep -vx vm.stat_refresh | sort -u)
}
t 'sysctl -a -N names every setting that procps names' sysctl_n_names_every_setting_that_procps
it_sets() {
    ours -q net.ipv4.ip_forward=1 &&
        [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] &&
        ours -qw net/ipv4/ip_forward=0 &&
        [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
}
t 'it sets' it_sets
ip link add eth0.5 type bridge
t 'a name with a dot is written with a slash' is 'net.ipv4.conf.eth0/5.forwarding = 0' \
    ours net.ipv4.conf.eth0/5.forwarding
t 'or in a key of slashes as it is' is 'net.ipv4.conf.eth0/5.forwarding = 0' ours net/ipv4/conf/eth0.5/forwarding
t 'a key that does not exist is reported' refuses 'cannot read /proc/sys/no/such: No such file.*not have that setting' \
    ours no.such
t 'a value that the kernel refuses is reported' \
    refuses 'cannot set /proc/sys/net/ipv4/ip_forward: Invalid argument' ours net.ipv4.ip_forward=x
t 'with -w a key alone is refused' refuses 'does not set a value \(KEY=VALUE\)' ours -w net.ipv4.ip_forward
t 'a key cannot leave /proc/sys' refuses 'cannot be the key' ours ../1/environ
printf \
    '# a comment\n; another\n\n net.ipv4.ip_forward = 1 \n-no.such.key = 1\nnet.ipv4.conf.*.rp_filter=2\n' \
    > "$WORK/file"
file_sets_what_procps_sets() {
    diff <("$reference" -p "$WORK/file" 2> /dev/null | sort) <(ours -p "$WORK/file" | sort)
}
t 'a file sets what procps sets from it' file_sets_what_procps_sets
file_joined() { ours -p"$WORK/file" > /dev/null && ours -q --load="$WORK/file"; }
t 'a file may be joined to its option' file_joined
t 'a pattern sets every one' has 'net.ipv4.conf.eth0/5.rp_filter = 2' ours net.ipv4.conf.eth0/5.rp_filter
echo nonsense > "$WORK/bad"
t 'an invalid line is reported with its number' \
    refuses 'bad:1: "nonsense" does not have the form KEY = VALUE' ours -p "$WORK/bad"
read_from_input() { echo net.ipv4.ip_forward=0 | ours -p - | grep -qx "net.ipv4.ip_forward = 0"; }
t 'standard input is read for -' read_from_input
