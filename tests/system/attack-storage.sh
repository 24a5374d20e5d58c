# Hostile rootfs, archives, links and mounts, against all that makes, copies, exports, imports and removes containers.
. tests/lib.sh
needs_root
command -v python3 > /dev/null || { skip 'attacks on storage' 'needs python3'; exit 0; }
P=$WORK/lxc N=store-$$
chmod 755 "$WORK" && mkdir "$P"
echo lxc.net.0.type = empty > "$WORK/config"
printf '%s\n' lxc.net.0.type=empty 'lxc.idmap = u 0 100000 65536' 'lxc.idmap = g 0 100000 65536' > "$WORK/mapped"
create() { lxcbox lxc-create -P "$P" -f "${config:-$WORK/config}" -n "$@" > "$WORK/create" 2>&1; }
copy() { lxcbox lxc-copy -P "$P" -n "$@"; }
destroy() { lxcbox lxc-destroy -P "$P" -n "$@" > /dev/null; }
export_it() { lxcbox lxc-export -P "$P" -n "$1" -q -o "$2"; }
import() { lxcbox lxc-import -P "$P" -f "${config:-$WORK/config}" -n "$@" > /dev/null; }
local_from() { create "$1" -t local -- -f "$2" "${@:3}"; }
create $N -t busybox || { cat "$WORK/create"; exit 1; }
R=$P/$N/rootfs
rootfs_of() { tar -xOf "$1" --wildcards '*/rootfs.tar.xz' | tar -tJ; } # ARCHIVE

# --- Mounts of the same file system below a container ---

mkdir "$WORK/precious" "$WORK/precious/below" "$R/opt" "$R/opt/mounted"
echo kept > "$WORK/precious/file" && echo kept > "$WORK/precious/below/file"
: > "$R/opt/file"
cleanup "umount '$R/opt/mounted' '$R/opt/file'"
mount --bind "$WORK/precious" "$R/opt/mounted" && mount --bind "$WORK/precious/file" "$R/opt/file"
is_kept() { [ "$(cat "$WORK/precious/file" "$WORK/precious/below/file")" = "$(printf 'kept\nkept')" ]; }
copied_empty() { # DIRECTORY
    [ -d "$1/opt/mounted" ] && [ -z "$(ls -A "$1/opt/mounted")" ] && [ ! -s "$1/opt/file" ] && destroy $N-b && is_kept
}
copy_without_mounts() { copy $N -N $N-b && copied_empty "$P/$N-b/rootfs"; }
t 'a copy has nothing of a directory or file that is bind-mounted below the rootfs' copy_without_mounts
snapshot_without_mounts() {
    lxcbox lxc-snapshot -P "$P" -n $N && [ -z "$(ls -A "$P/$N/snaps/snap0/rootfs/opt/mounted")" ] &&
        lxcbox lxc-snapshot -P "$P" -n $N -d snap0 && is_kept
}
t 'nor has a snapshot' snapshot_without_mounts
exported_empty() {
    export_it $N "$WORK/mounted.tar" && rootfs_of "$WORK/mounted.tar" > "$WORK/names" &&
        grep -q '^./opt/mounted/$' "$WORK/names" && ! grep -q '^./opt/mounted/.' "$WORK/names"
}
t 'nor has an export' exported_empty
refused_whole() {
    refuses "cannot destroy container $N: something is mounted on $R/opt/(mounted|file) \(unmount" \
        lxcbox lxc-destroy -P "$P" -n $N && is_kept && [ -e "$R/bin/busybox" ]
}
t 'a container with a bind mount of its own file system is refused whole' refused_whole
umount "$R/opt/mounted" && t 'also if that is of a file' refused_whole
umount "$R/opt/file"
seen_elsewhere() { # the directory of the containers is mounted twice, and the mount is below the other place
    local r
    mkdir "$WORK/other" && mount --bind "$P" "$WORK/other" && mount --make-private "$WORK/other" || return
    mount --bind "$WORK/precious" "$WORK/other/$N/rootfs/opt/mounted"
    lxcbox lxc-destroy -P "$P" -n $N
    r=$?
    umount "$WORK/other/$N/rootfs/opt/mounted" "$WORK/other"
    [ $r -eq 1 ] && is_kept && [ -e "$R/bin/busybox" ] && [ -e "$P/$N/config" ]
}
cleanup "umount '$WORK/other/$N/rootfs/opt/mounted'; umount '$WORK/other'"
t 'and if it is seen at another path only' seen_elsewhere

# --- Any depth ---

cat > "$WORK/deep.py" << 'END'
import os, sys
what, top, depth = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.chdir(top)
for i in range(depth):
    if what == "make":
        os.mkdir("d")
    os.chdir("d")
if what == "make":
    open("bottom", "w").write("bottom")
    os.chmod(".", 0o711)
    os.utime(".", (1000000000, 1000000000))
st = os.stat(".")
assert open("bottom").read() == "bottom" and st.st_mode & 0o777 == 0o711 and st.st_mtime == 1000000000, st
END
deep() { python3 "$WORK/deep.py" "$@"; }
few() { (ulimit -n 100 && "$@"); }
create_empty() { # NAME: with a rootfs that is empty
    create "$1" -t none && mkdir "$P/$1/rootfs" && echo "lxc.rootfs.path = dir:$P/$1/rootfs" >> "$P/$1/config"
}
create_empty $N-deep
deep make "$P/$N-deep/rootfs" 20000
copy_deep() { few copy $N-deep -N $N-b && deep check "$P/$N-b/rootfs" 20000; }
t 'a copy holds for 20,000 levels of directories' copy_deep
destroy_deep() { few destroy $N-b && [ ! -e "$P/$N-b" ]; }
t 'as does lxc-destroy' destroy_deep
few destroy $N-deep
create_empty $N-flat && deep make "$P/$N-flat/rootfs" 5000
t 'an export holds for 5,000 levels' few export_it $N-flat "$WORK/deep.tar"
few destroy $N-flat
import_deep() { few import $N-b "$WORK/deep.tar" && deep check "$P/$N-b/rootfs" 5000; }
t 'and so does its import' import_deep
few destroy $N-b
rm -f "$WORK/deep.tar"
long_names() { # 4,800 directories with 20 MB of names together
    create_empty $N-flat && python3 -c 'import os, sys
os.chdir(sys.argv[1])
for i in range(40):
    os.mkdir("n" * 200); os.chdir("n" * 200)
    for j in range(120): os.mkdir("%03d" % j + "m" * 200)' "$P/$N-flat/rootfs" &&
        export_it $N-flat "$WORK/many.tar" && import $N-b "$WORK/many.tar" &&
        [ "$(find "$P/$N-b/rootfs" | wc -l)" = "$(find "$P/$N-flat/rootfs" | wc -l)" ]
}
t 'an export with more names of directories than one archive of others would have is imported' long_names
destroy $N-b
destroy $N-flat
rm -f "$WORK/many.tar"

# --- Links in place of directories ---

mkdir "$WORK/target" && echo kept > "$WORK/target/file"
target_is_kept() { [ "$(cat "$WORK/target/file")" = kept ]; }
linked_rootfs() {
    create $N-l -t busybox && rm -r "$P/$N-l/rootfs" && ln -s "$WORK/target" "$P/$N-l/rootfs" &&
        destroy $N-l && [ ! -e "$P/$N-l" ] && target_is_kept
}
t 'a rootfs that is a link is removed, and what it points to stays' linked_rootfs
linked_outside() {
    create $N-l -t none && ln -s "$WORK/target" "$WORK/link" &&
        echo "lxc.rootfs.path = dir:$WORK/link" >> "$P/$N-l/config" && destroy $N-l &&
        [ ! -e "$P/$N-l" ] && target_is_kept
}
rm -rf "$P/$N-l"
t 'also where lxc.rootfs.path names the link elsewhere' linked_outside
rm -rf "$P/$N-l" "$WORK/link"
linked_delta() {
    copy $N -N $N-l -s && rm -r "$P/$N-l/overlay/delta" && ln -s "$WORK/target" "$P/$N-l/overlay/delta" &&
        destroy $N-l && target_is_kept
}
t 'the changes of an overlay, as a link, too' linked_delta
linked_overlay() {
    mkdir "$WORK/target/delta" && echo kept > "$WORK/target/delta/file" &&
        copy $N -N $N-l -s && rm -r "$P/$N-l/overlay" && ln -s "$WORK/target" "$P/$N-l/overlay" &&
        destroy $N-l && target_is_kept && [ -e "$WORK/target/delta/file" ]
}
t 'and its directory' linked_overlay
linked_container() {
    create $N-l -t busybox && mv "$P/$N-l" "$WORK/moved" && ln -s "$WORK/moved" "$P/$N-l" && destroy $N-l &&
        [ ! -L "$P/$N-l" ] && [ -e "$WORK/moved/rootfs/bin/busybox" ]
}
t "and a container's directory" linked_container
linked_snaps() {
    create $N-l -t none && mkdir -p "$WORK/target/snap0" && echo lxc.net.0.type = empty > "$WORK/target/snap0/config" &&
        ln -s "$WORK/target" "$P/$N-l/snaps"
    destroy $N-l -s
    target_is_kept && [ -e "$WORK/target/snap0/config" ]
}
t 'and the directory of the snapshots' linked_snaps
rm -rf "$P/$N-l"
partial_link() {
    ln -s "$WORK/target" "$P/.$N-l.partial"
    create $N-l -t none
    target_is_kept && { [ ! -e "$P/$N-l" ] || destroy $N-l; }
}
t 'nor is a partial container that is a link used' partial_link
rm -f "$P/.$N-l.partial"

# --- The directory of a container with mapped ids belongs to root ---

config=$WORK/mapped create $N-m -t busybox || cat "$WORK/create"
owner() { stat -c '%u %a' "$1"; }
t "the directory of a container with mapped ids is root's, and its root cannot write there" is '0 750' owner "$P/$N-m"
t 'it starts from there' lxcbox lxc-execute -P "$P" -n $N-m -- true
mapped_copy() { # NAME [OPTION]
    copy $N-m -N "$@" && is '0 750' owner "$P/$1" && lxcbox lxc-execute -P "$P" -n "$1" -- true
}
t 'so do its copies' mapped_copy $N-mb
t 'and those as overlays' mapped_copy $N-ms -s
destroy $N-ms && destroy $N-mb && destroy $N-m

# --- The process that unpacks ---

command -v strace > /dev/null && traced=1 || traced=
mkdir -p "$WORK/tree/etc" && head -c 3000000 /dev/urandom > "$WORK/tree/etc/big" && mkfifo "$WORK/fifo"
tar -C "$WORK/tree" -cf "$WORK/plain.tar" .
children() { local child; for child in $(pgrep -P "$1"); do echo "$child"; children "$child"; done; }
unpacking() { # COMMAND...: run it with the pids of the processes below lxc-create, while half an archive is unpacked
    local creator pids r=1
    lxcbox lxc-create -P "$P" -f "${config:-$WORK/config}" -n $N-u -t local -- -f "$WORK/fifo" > /dev/null 2>&1 &
    creator=$!
    exec 9> "$WORK/fifo"
    head -c 1500000 "$WORK/plain.tar" >&9
    for _ in $(seq 200); do
        [ ! -s "$P/.$N-u.partial/rootfs/etc/big" ] || break
        sleep 0.02
    done
    pids=$(children $creator)
    echo "processes: $pids"
    "$@" $pids && r=0
    tail -c +1500001 "$WORK/plain.tar" >&9
    exec 9>&-
    wait $creator && destroy $N-u && return $r
}
worker_of() { local p; for p in "$@"; do ! grep -q '^NoNewPrivs:.1' /proc/$p/status || echo $p; done; }
confined() { # one of the processes can use neither the network nor other files, and has few capabilities
    local p
    p=$(worker_of "$@") && [ -n "$p" ] && grep -E '^(Cap|Sec|NoNew|Threads)' "/proc/$p/status" &&
        grep -q '^Seccomp:.2' "/proc/$p/status" && grep -q '^CapInh:.0*$' "/proc/$p/status" &&
        grep -q "^CapEff:.00000000880000[1-9a-f][0-9a-f]" "/proc/$p/status"
}
t 'the process that unpacks has a seccomp filter, and only the capabilities to make files' unpacking confined
only_its_own() { # a pipe to read from, one to report to, and the directory
    local p
    p=$(worker_of "$@") && [ -n "$p" ] || return
    ls -l /proc/$p/fd | awk 'NR > 1 { print $9, $11 }' | tee "$WORK/fds"
    [ "$(grep -c pipe: "$WORK/fds")" = 2 ] && [ "$(grep -c /rootfs "$WORK/fds")" -le 6 ] &&
        ! grep -vE 'pipe:|/rootfs' "$WORK/fds"
}
t 'it has open only its input, its report and what it writes to' unpacking only_its_own
mapped_unpacking() { config=$WORK/mapped unpacking only_its_own; }
t 'also with mapped ids' mapped_unpacking

confined_processes() { # seccomp filters that lxc-create sets: one for the rootfs, one for the metadata
    mkdir "$WORK/about" && echo 'lxc.arch = x86_64' > "$WORK/about/config" &&
        tar -C "$WORK/about" -cJf "$WORK/about.tar.xz" . &&
        strace -f -qq -e trace=seccomp -o "$WORK/trace" "$LXCBOX" lxc-create -P "$P" -f "$WORK/config" -n $N-u \
            -t local -- -f "$WORK/plain.tar" -m "$WORK/about.tar.xz" > /dev/null 2>&1 && destroy $N-u &&
        grep -c SECCOMP_SET_MODE_FILTER "$WORK/trace"
}
if [ -n "$traced" ]; then
    t 'a tarball of metadata is read in such a process, too' is 2 confined_processes
fi

# --- Names and metadata ---

mkdir "$WORK/meta" "$WORK/root" && : > "$WORK/root/file"
tar -C "$WORK/root" -cf "$WORK/root.tar" .
nl=$'\n'
nothing_made() { ! ls -A "$P" | grep -q "$N-n"; }
for name in "$N-n${nl}lxc.hook.start = x" "$N-n$(printf '\r')x" "$N-n$(printf '\177')"; do
    t "lxc-create refuses the name $(printf %q "$name")" refuses 'not a valid container name' \
        lxcbox lxc-create -P "$P" -n "$name" -t none
    t "lxc-copy refuses it" refuses 'not a valid container name' copy $N -N "$name"
    t "lxc-copy -R refuses it" refuses 'not a valid container name' copy $N -N "$name" -R
done
t 'a new line in -P is refused' refuses 'control character' \
    lxcbox lxc-create -P "$WORK/x${nl}y" -n $N-n -f "$WORK/config" -t none
t 'also for copies' refuses 'control character' copy $N -N $N-n -p "$WORK/x${nl}y"
t 'and in --dir' refuses 'control character' \
    lxcbox lxc-create -P "$P" -n $N-n -f "$WORK/config" -t busybox --dir "$WORK/x${nl}lxc.hook.start = x"
t 'and in mounts of lxc-copy' refuses 'control character' copy $N -N $N-n -e -m "bind=/opt${nl}lxc.hook.start = x"
t 'and in the names of an export' refuses 'cannot be part of' \
    lxcbox lxc-export -P "$P" -n $N -o "$WORK/x.tar" -d "a${nl}b"
nul_in() { # NAME: of the metadata, with a NUL byte and then a line
    rm -rf "$WORK/meta" && mkdir "$WORK/meta" && echo 'lxc.arch = x86_64' > "$WORK/meta/config" &&
        printf 'lxc.arch = x86_64\0\nlxc.hook.start = x\n' > "$WORK/meta/$1" &&
        fails local_from $N-n "$WORK/root.tar" -m "$WORK/meta" && has 'not text' cat "$WORK/create"
}
for file in config fstab templates excludes create-message; do
    t "a NUL byte in $file of the metadata is refused" nul_in $file
done
linked_meta() { # NAME
    rm -rf "$WORK/meta" && mkdir "$WORK/meta" && echo 'lxc.arch = x86_64' > "$WORK/meta/config" &&
        ln -sf /etc/passwd "$WORK/meta/$1" || return
    fails local_from $N-n "$WORK/root.tar" -m "$WORK/meta" && cat "$WORK/create" && grep -q 'a link' "$WORK/create" &&
        tar -C "$WORK/meta" -cJf "$WORK/meta.tar.xz" . &&
        fails local_from $N-n "$WORK/root.tar" -m "$WORK/meta.tar.xz" && grep -q 'a link' "$WORK/create"
}
for file in config templates fstab; do
    t "$file as a link is refused, in a directory and in a tarball" linked_meta $file
done
cat > "$WORK/bundle.py" << 'END'
import io, subprocess, sys, tarfile
out, kind = sys.argv[1], sys.argv[2]
meta, root = io.BytesIO(), io.BytesIO()
def put(tar, name, data=None, link=None):
    info = tarfile.TarInfo(name)
    if link:
        info.type, info.linkname = (tarfile.SYMTYPE if kind != "hard" else tarfile.LNKTYPE), link
        tar.addfile(info)
    else:
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
with tarfile.open(fileobj=meta, mode="w:xz") as t:
    put(t, "config", b"lxc.arch = x86_64\n")
with tarfile.open(fileobj=root, mode="w:xz") as t:
    if kind == "root":
        put(t, ".", link="/etc")
    put(t, "etc/hello" if kind != "root" else "hello", b"hello\n")
with tarfile.open(out, "w") as t:
    link = "/etc/passwd"
    put(t, "images/a/1/x/default/1/meta.tar.xz", meta.getvalue(), link if kind == "meta" else None)
    put(t, "images/a/1/x/default/1/rootfs.tar.xz", root.getvalue(), link if kind in ("sym", "hard") else None)
END
for kind in sym hard meta root; do
    linked_bundle() {
        python3 "$WORK/bundle.py" "$WORK/bundle.tar" $kind && refuses 'link|root directory' \
            lxcbox lxc-import -P "$P" -f "$WORK/config" -n $N-n "$WORK/bundle.tar"
    }
    t "an archive with a link ($kind) in place of its rootfs or metadata is refused" linked_bundle
done
t 'nothing of these is left' nothing_made

# --- Files of a rootfs that are read ---

lxcbox lxc-start -P "$P" -n $N || exit 1
cleanup "lxcbox lxc-stop -k -P '$P' -n $N"
shell_of() { echo 'exit 7' | timeout 20 "$LXCBOX" lxc-attach -P "$P" -n $N; [ $? = 7 ]; }
passwd_is() { # COMMAND...: makes the file; lxc-attach starts a shell all the same
    rm -f "$R/etc/passwd" && "$@" "$R/etc/passwd" && shell_of
}
cp "$R/etc/passwd" "$WORK/passwd"
t 'lxc-attach is not held by a FIFO as passwd' passwd_is mkfifo
huge() { truncate -s 1G "$1"; }
t 'nor by one of 1 GB' passwd_is huge
t 'nor by a device' passwd_is ln -s /dev/zero
t 'nor by a link out of the root' passwd_is ln -s "/../../../$WORK/passwd"
memory() { # highest resident size of lxc-attach in KB
    python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' \
        "$LXCBOX" lxc-attach -P "$P" -n $N
}
little_memory() { passwd_is huge && [ "$(memory)" -lt 20000 ]; }
t 'which takes no memory' little_memory
rm -f "$R/etc/passwd" && cp "$WORK/passwd" "$R/etc/passwd"
lxcbox lxc-stop -k -P "$P" -n $N

# --- Working directories ---

cwd_is_inside() { # KEY-VALUE: init never runs in a directory of the host
    local out
    out=$(lxcbox lxc-execute -P "$P" -n $N -s "lxc.init.cwd = $1" -- sh -c 'pwd; ls ../../../../..' 2>&1)
    echo "$out"
    ! grep -qE 'unreachable|lxcbox-test|vmlinuz|^home$' <<< "$out"
}
for fd in 3 4 5 6 7 8 9 10 11 12; do
    t "lxc.init.cwd = /proc/self/fd/$fd stays inside" cwd_is_inside /proc/self/fd/$fd
done
link_cwd() { ln -sfn "/proc/self/fd/$1" "$R/cwd" && cwd_is_inside /cwd && cwd_is_inside /cwd/..; }
links_cwd() { link_cwd 3 && link_cwd 5 && link_cwd 7; }
t 'also by way of a link in the rootfs' links_cwd

# --- Programs of a rootfs, and the number of calls ---

runs_nothing() { # COMMAND...: no program below the directories of the containers is executed
    strace -f -qq -e trace=execve,execveat -o "$WORK/trace" "$@" > "$WORK/out" 2>&1 || { cat "$WORK/out"; return 1; }
    ! grep -E "exec[^\"]*\"($P|$WORK/tree|\.|[a-z])" "$WORK/trace"
}
if [ -n "$traced" ]; then
    for program in sh ldconfig id getent useradd; do
        printf '#!/bin/sh\n: > %s/ran\n' "$WORK" > "$WORK/tree/$program"
    done
    chmod 755 "$WORK/tree/"*
    tar -C "$WORK/tree" -cf "$WORK/plain.tar" .
    t 'lxc-create runs no program of the archive' runs_nothing "$LXCBOX" lxc-create -P "$P" -f "$WORK/config" -n $N-r \
        -t local -- -f "$WORK/plain.tar"
    t 'nor do lxc-copy' runs_nothing "$LXCBOX" lxc-copy -P "$P" -n $N-r -N $N-r2
    t 'lxc-snapshot' runs_nothing "$LXCBOX" lxc-snapshot -P "$P" -n $N-r
    t 'restoring it' runs_nothing "$LXCBOX" lxc-snapshot -P "$P" -n $N-r -r snap0
    t 'lxc-export' runs_nothing "$LXCBOX" lxc-export -P "$P" -n $N-r -o "$WORK/r.tar"
    t 'lxc-import' runs_nothing "$LXCBOX" lxc-import -P "$P" -f "$WORK/mapped" -n $N-r3 "$WORK/r.tar"
    t 'lxc-destroy' runs_nothing "$LXCBOX" lxc-destroy -P "$P" -n $N-r -s
    cat > "$WORK/many.py" << 'END'
import io, sys, tarfile
with tarfile.open(sys.argv[1], "w") as t:
    for i in range(int(sys.argv[2])):
        for name, kind in (("d%d" % i, tarfile.DIRTYPE), ("d%d/f" % i, tarfile.REGTYPE),
                           ("d%d/l" % i, tarfile.LNKTYPE), ("f%d" % i, tarfile.REGTYPE),
                           ("d%d/n/o" % i, tarfile.SYMTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.mode = kind, "d%d/f" % i if kind == tarfile.LNKTYPE else "x", 0o755
            t.addfile(info)
END
    calls() { # N: system calls of unpacking 5 N entries
        python3 "$WORK/many.py" "$WORK/many.tar" "$1"
        strace -f -qq -c -S calls -U calls,name -e trace=file,desc -o "$WORK/count" "$LXCBOX" lxc-create -P "$P" \
            -f "$WORK/config" -n $N-c -t local -- -f "$WORK/many.tar" > /dev/null 2>&1 || return
        destroy $N-c
        awk '$2 == "total" { print $1 }' "$WORK/count"
    }
    linear() {
        local one two three
        one=$(calls 400) && two=$(calls 800) && three=$(calls 1200) || return
        echo "calls of 2000, 4000 and 6000 entries: $one $two $three"
        [ $((three - two)) -lt $(((two - one) * 11 / 10)) ]
    }
    t 'the calls of unpacking grow with the number of entries alone' linear
else
    skip 'programs of a rootfs, number of calls' 'needs strace'
fi
destroy $N
