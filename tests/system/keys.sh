# Every key that lxc.container.conf(5) describes has a test of what it does (tests/unit/config_page.c holds that page
# against the table of keys).
. tests/lib.sh

tested() { # KEY
    grep -Eqs -- "(^|[^a-z])(key |limits=|others=)${1//./\\.}( |$)" tests/system/*.sh ||
        { echo "no script has: key $1 ..."; false; }
}
for name in $(sed -n 's/^\.B \(lxc\.[^ ]*\) = .*/\1/p' core/config/lxc.container.conf.5); do
    t "$name is tested by what it does" tested "$name"
done
# What this kernel may lack, a virtual machine's has.
for name in $(sed -n "s/^ *skip ['\"]\(lxc\.[^:]*\):.*kernel.*/\1/p" tests/system/keys-*.sh | sort -u); do
    t "$name is tested in a virtual machine too" grep -Eq -- "${name#lxc.net.N.}( ?=|')" tests/boot/*.sh
done
t 'a key that does not exist is not' fails tested lxc.nosuch
