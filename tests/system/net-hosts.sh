# LXC_DHCP_CONFILE: reservations, options and names as dnsmasq, which stock's lxc-net runs, gives them.
. tests/lib.sh
. tests/net-lab.sh
needs_root
for tool in dig dnsmasq python3; do command -v $tool > /dev/null || { skip net-hosts "needs $tool"; exit 0; }; done

lab
chmod 755 "$WORK" # the server reads its hosts again as nobody
: > "$WORK/more-hosts"
conf=$WORK/hosts
more=$WORK/more-hosts
lxc_net() { on_host env -i "$LXCBOX" lxc-net "$@"; }
printf 'LXC_DHCP_CONFILE=%s\nLXC_DHCP_RANGE=10.0.3.2,10.0.3.90\nLXC_DOMAIN=lxc\nLXC_DHCP_PORT_MAX=0\n' "$conf" |
    on_host tee /etc/default/lxc-net > /dev/null

{
    for n in 101 102 103 104 105 106 107 108 124; do printf 'dhcp-host=02:00:00:00:00:%02x,10.0.3.%d\n' $n $n; done
    cat << END
# Two hardware addresses, identifiers, a name, an asterisk
dhcp-host=02:00:00:00:00:71,02:00:00:00:00:72,10.0.3.113
dhcp-host=02:00:00:00:00:74,id:*,10.0.3.116
dhcp-host=02:00:00:00:00:75,id:*
dhcp-host=id:eighteen,10.0.3.118
dhcp-host=id:nineteen,10.0.3.119
dhcp-host=02:00:00:00:00:77,10.0.3.120
dhcp-host=twenty,10.0.3.121
dhcp-host=02:00:00:00:0b:*,10.0.3.122
dhcp-host=02:00:00:00:00:7d,ignore
dhcp-host=02:00:00:00:00:7e,10.0.3.190
dhcp-hostsfile=$more
dhcp-option=option:router
dhcp-option=6,8.8.8.8,0.0.0.0
dhcp-option=option:mtu,1400
dhcp-option=17,/srv/root
dhcp-option=19,1
dhcp-option=28,10.0.3.254
dhcp-option=option:tcp-keepalive,70000
dhcp-option=option:ntp-server,10.0.3.7
dhcp-option=42,10.0.3.9 # the last one counts
dhcp-option=121,10.1.0.0/16,10.0.3.5,0.0.0.0/0,0.0.0.0
dhcp-option=150,10.0.3.8
dhcp-option=224,5
dhcp-option=225,300
dhcp-option-force=226,70000
dhcp-option=227,01:02:ff
dhcp-option=228,text
dhcp-option=229,1.2.3.4,5.6.7.8
dhcp-option=230,"text, too"
dhcp-option=231,0x10
address=/x.test/10.9.9.9
address=/x.test/10.9.9.10
address=/nx.test/
address=/six.test/fd00::9
address=/z.test/#
address=/a.test/b.test/1.2.3.4
address=/deep.x.test/10.8.8.8
address=/*.w.test/10.7.7.7
address=/CAPS.test/10.4.4.4
address=/plain/10.6.6.6
END
} > "$conf"
questions=('x.test A' 's.x.test A' 'nx.test A' 's.nx.test AAAA' 'six.test AAAA' 'z.test A'
    'z.test AAAA' 'b.test A' 'q.deep.x.test A' 'v.w.test A' 'caps.test A' 'plain A' 'x.test ANY')
answers() {
    local q
    for q in "${questions[@]}"; do
        # shellcheck disable=SC2086
        echo "$q: $(in_box a dig +time=5 +tries=2 @10.0.3.1 $q |
            awk '/status:/ { print $6 } /^[^;].*IN/ { print $4, $5 }' | sort | tr '\n' ' ')"
    done
}
box a
in_box a ip addr add 10.0.3.100/24 dev eth0
asked() { # RELOAD
    on_host ip link set v-a master lxcbr0
    in_box a python3 tests/system/dhcp-sequences.py "$more" "$1" && answers
}
t 'lxc-net accepts such a file silently' is '' stderr_too lxc_net start
asked "kill -HUP $(on_host cat /run/lxc/lxc-net.pid)" > "$WORK/ours"
leases() { lxc_net status | awk '/^Lease:/ { print $2, $3, $4 }' | sort; }
before=$(leases)
dig_a() { in_box a dig +time=5 +tries=2 @10.0.3.1 "$@"; }
t 'an address of another kind is asked of the servers of resolv.conf' has 'status: SERVFAIL' dig_a x.test AAAA
restarted_with_leases() { lxc_net restart && is "$before" leases && has "^10.0.3.190 " leases; }
t 'no reserved lease is lost over a restart' restarted_with_leases
lxc_net stop

# --- The same of dnsmasq, called as stock's lxc-net calls it ------------------------------------------------------

dnsmasq_serves() {
    : > "$more"
    on_host ip addr add 10.0.3.1/24 dev lxcbr0 && on_host ip link set lxcbr0 up
    on_host dnsmasq --conf-file="$conf" -u root --bind-interfaces --pid-file="$WORK/d.pid" \
        --listen-address 10.0.3.1 --no-hosts --dhcp-range 10.0.3.2,10.0.3.90 --dhcp-lease-max=253 \
        --dhcp-no-override --except-interface=lo --interface=lxcbr0 --dhcp-leasefile="$WORK/d.leases" \
        --dhcp-authoritative --no-ping -s lxc -S /lxc/
}
dnsmasq_serves
cleanup 'kill $(cat "$WORK/d.pid")'
asked "kill -HUP $(cat "$WORK/d.pid")" > "$WORK/theirs"
kill "$(cat "$WORK/d.pid")"
dnsmasq_answered() { [ "$(wc -l < "$WORK/theirs")" -gt 35 ]; }
t 'dnsmasq has answered' dnsmasq_answered
while IFS= read -r line; do
    t "as dnsmasq: ${line%%: *}" is "$line" awk -v title="${line%%: *}: " 'index($0, title) == 1' "$WORK/ours"
done < "$WORK/theirs"

# --- What cannot be done is refused once --------------------------------------------------------------------------

on_host ip link del lxcbr0
bad() { # LINE REGEX
    printf '# one\n%s\n' "$1" > "$conf"
    refuses "hosts:2: \"$2 \(correct or remove the line\)" lxc_net start && ! on_host ip link show lxcbr0
}
t 'an option of dnsmasq that lxc-net does not have is refused' \
    bad 'bogus-priv' 'bogus-priv" is not supported by lxc-net.*'
t 'so is a tag' bad 'dhcp-host=02:00:00:00:00:01,set:x,10.0.3.9' \
    'dhcp-host.*" has a word that is not a hardware address.*'
t 'and a tag of an option' bad 'dhcp-option=tag:x,6,10.0.3.9' 'dhcp-option.*" does not name a known DHCP option.*'
t 'and a value that an option cannot have' \
    bad 'dhcp-option=option:dns-server,here' 'dhcp-option.*" has a value that this option cannot have'
t 'and an option that the server sets' \
    bad 'dhcp-option=53,1' 'dhcp-option.*" names an option that the DHCP server itself sets'
t 'and a host without anything to know it by' bad 'dhcp-host=10.0.3.9' 'dhcp-host.*" does not identify a host.*'
t 'and a name without an address' bad 'address=/x.test' 'address=/x.test" is not /NAME/ADDRESS'
