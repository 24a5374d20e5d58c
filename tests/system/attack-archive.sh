# Archives of the kinds that unpackers have written through: names and targets of links with "..", links in the way.
# CVE-2019-5747 and RFC 9267 are about DHCP and DNS: tests/unit/dhcp.c, tests/unit/dns.c.
. tests/lib.sh
needs_root
command -v python3 > /dev/null || { skip attack-archive 'needs python3'; exit 0; }

P=$WORK/lxc
mkdir "$P" "$WORK/out"
echo kept > "$WORK/out/file"
cat > "$WORK/make.py" << 'END'
"""make.py FILE ENTRY...: a tar archive of entries TYPE:NAME[:TARGET], types f, d, s (symbolic link), h (hard link)."""
import io, sys, tarfile
kinds = {"f": tarfile.REGTYPE, "d": tarfile.DIRTYPE, "s": tarfile.SYMTYPE, "h": tarfile.LNKTYPE}
with tarfile.open(sys.argv[1], "w:xz") as t:
    for words in sys.argv[2:]:
        kind, name, *target = words.split(":")
        e = tarfile.TarInfo()
        e.name, e.type, e.mode = name, kinds[kind], 0o755
        e.linkname = target[0] if target else ""
        data = b"hostile\n" if kind == "f" else b""
        e.size = len(data)
        # As given: tarfile strips a slash at the end.
        t.fileobj.write(e.tobuf(tarfile.GNU_FORMAT))
        if data:
            t.fileobj.write(data + bytes(512 - len(data)))
END
# unpack ENTRY...: create a container from an archive of these.
unpack() {
    python3 "$WORK/make.py" "$WORK/a.tar.xz" "$@" &&
        lxcbox lxc-create -P "$P" -n x -t local -- -f "$WORK/a.tar.xz"
}
nothing_outside() {
    [ "$(cat "$WORK/out/file")" = kept ] && [ "$(ls "$WORK/out")" = file ] && [ -z "$(ls -A "$P")" ]
}
# hostile REGEX ENTRY...: refused, and nothing is left or changed.
hostile() { refuses "$1" unpack "${@:2}" && nothing_outside; }

for name in .. ../ a/.. ./a/.. a/../ a/../../b ./../b a/./../../b /../b; do
    t "a name like \"$name\" is refused" hostile 'has ".." in its name' d:a "f:$name"
    t "also as that of a directory: \"$name\"" hostile 'has ".." in its name' d:a "d:$name"
    t "also as that of a link: \"$name\"" hostile 'has ".." in its name' d:a "s:$name:/etc"
done
for target in .. ../x a/.. ./a/.. a/../../x "/../$WORK/out/file" "../../../../../../../..$WORK/out/file"; do
    t "a hard link to a name like \"${target##*../}\" with \"..\" is refused" \
        hostile 'is a hard link to a name with "\.\."' d:a "h:b:$target"
done
t 'a hard link to a file of the host is refused' hostile 'not in the archive before it' "h:b:$WORK/out/file"
t 'a hard link through a symbolic link is refused' \
    hostile 'not in the archive before it' "s:a:$WORK/out" h:b:a/file
t 'nothing is written through a symbolic link' hostile 'not a directory' "s:a:$WORK/out" f:a/file
t 'nor through two of them' hostile 'not a directory' "s:a:b" "s:b:$WORK/out" f:a/file
t 'nor is a directory made there' hostile 'not a directory' "s:a:$WORK/out" d:a/new/
replaces_link() {
    unpack "s:a:$WORK/out/file" f:a && [ "$(cat "$P/x/rootfs/a")" = hostile ] && [ ! -L "$P/x/rootfs/a" ] &&
        lxcbox lxc-destroy -P "$P" -n x && nothing_outside
}
t 'a file with the name of a symbolic link replaces that' replaces_link
links_stay_inside() {
    unpack "f:etc/x" "s:a:../../../../$WORK/out/file" h:b:a && lxcbox lxc-destroy -P "$P" -n x && nothing_outside
}
t 'a hard link to a symbolic link is one to the link' links_stay_inside
no_escapes() {
    unpack "f:$(printf '\033]0;title\007')/../x" 2> "$WORK/message"
    grep -q 'in its name' "$WORK/message" && ! LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" "$WORK/message"
}
t 'the name of a refused entry controls no terminal' no_escapes
