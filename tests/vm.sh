# For the test scripts of tests/boot: source it after tests/lib.sh. A virtual machine with Debian's kernel, which has
# features that the kernel of this machine may lack, such as cgroup v2 alone and AppArmor. The kernel is fetched once
# into build/boot, and nothing of it is installed. With TARGET (make boot TARGET=aarch64) the machine is of that
# architecture and runs the programs that make TARGET= has built.
#
# vm_needs [full]           sets ARCH (Debian's name), KERNEL, RELEASE, MODULES (for mkinitramfs -b), BUSYBOX (a static
#                           one), BUSYBOX_32 (a 32-bit one, where the kernel runs it and Debian has it), VM_NAME for
#                           the promises, and of vm_rows vm_least, vm_keyboard (is there one?) and vm_network (options
#                           for vm_run); otherwise prints why all is skipped, and exits. The kernel is the one for the
#                           cloud, which is smaller, or the full one, which has drivers of real hardware
# vm_use older              the same for this machine's architecture with a kernel of 2021, 5.10; false where it is not
#                           available
# vm_native                 for a script that is not for other architectures: with TARGET it reports that and exits
# vm_initramfs FILE OPTION...      lxcbox mkinitramfs, for that machine and kernel
# vm_run INITRD LINE [OPTION]...   boots, with LINE added to the kernel's; prints the machine's output until it is off;
#                           status 0 if it powered off by itself. Its console's input is read from VM_INPUT
# vm_guest FILE             the start of a script that is the machine's init: t, is, has as in tests/lib.sh, and
#                           make_container LINE..., which makes the container /lxc/c of busybox with LINE in its
#                           configuration, box COMMAND OPTION..., lxc-COMMAND on it, and inside TEXT, a shell in it
TARGET=${TARGET-}
vm_directory=$PWD/build/boot
VM_SECONDS=${VM_SECONDS:-480}

# TARGET, Debian's name and suite ("-": this machine's; A|B: B where A is not available), kernel, MB of memory that the
# main job needs (measured: 76, 56, 112; Debian's kernel for x86_64 does not start in 75 with a shell alone), console,
# bus of the network card, emulator with its machine.
vm_rows='
-       -       -        linux-image-cloud-amd64 80  ttyS0    pci qemu-system-x86_64 -M q35 -cpu max
full    -       -        linux-image-amd64       80  ttyS0    pci qemu-system-x86_64 -M q35 -cpu max
older   amd64   bullseye linux-image-cloud-amd64 80  ttyS0    pci qemu-system-x86_64 -M q35 -cpu max
aarch64 arm64   bookworm linux-image-cloud-arm64 64  ttyAMA0  pci qemu-system-aarch64 -M virt -cpu max,pauth-impdef=on
armhf   armhf   bookworm linux-image-armmp       128 ttyAMA0  pci qemu-system-arm -M virt -cpu max
i386    i386    bookworm linux-image-686         128 ttyS0    pci qemu-system-i386 -M q35 -cpu max
riscv64 riscv64 trixie|sid linux-image-riscv64   128 ttyS0    pci qemu-system-riscv64 -M virt
s390x   s390x   bookworm linux-image-s390x       128 ttysclp0 ccw qemu-system-s390x -M s390-ccw-virtio -cpu max
'

# vm_get DIRECTORY SUITE ARCH PACKAGE: unpack a package; the newest kernel for the name of one without a version
vm_get() {
    local directory=$1 suite=$2 arch=$3 package=$4 mirror keyring apt=(-q -o APT::Sandbox::User=root)
    if [ "$suite" != - ]; then
        # A view of the archive of its own.
        mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' \
            /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2> /dev/null | head -n 1)
        apt+=(-o "APT::Architecture=$arch" -o "APT::Architectures=$arch" -o Acquire::Languages=none
            -o "Dir::Etc::sourcelist=$directory/$arch.list" -o Dir::Etc::sourceparts=/dev/null
            -o Dir::State::status=/dev/null
            -o "Dir::State::lists=$directory/$arch-lists" -o "Dir::Cache=$directory/$arch-cache")
        if [ ! -e "$directory/$arch.list" ]; then
            mkdir -p "$directory/$arch-lists/partial" "$directory/$arch-cache/archives/partial"
            keyring=/usr/share/keyrings/debian-archive-keyring.gpg
            mirror=${mirror:-http://deb.debian.org/debian}
            echo "deb [signed-by=$keyring] $mirror $suite main" > "$directory/$arch.list"
            timeout 100 apt-get "${apt[@]}" update || return
        fi
    fi
    case $package in linux-image-*)
        package=$(apt-cache "${apt[@]}" depends "$package" |
            sed -n 's/.*Depends: \(linux-image-[0-9]\)/\1/p' | head -n 1)
        [ -n "$package" ] || return
        # From 7 on it is in several.
        package="$package $(apt-cache "${apt[@]}" depends "$package" |
            sed -n 's/.*Depends: \(linux-\(base\|binary\|modules\)-[0-9]\)/\1/p')"
        ;;
    esac
    mkdir -p "$directory/deb"
    rm -f "$directory"/deb/*
    (cd "$directory/deb" && timeout 200 apt-get "${apt[@]}" download $package) || return
    for package in "$directory"/deb/*.deb; do dpkg -x "$package" "$directory/${4%%-*}" || return; done
}

# vm_fetch DIRECTORY ARCH SUITE KERNEL; of suites with a bar between, the first that is available
vm_fetch() {
    local directory=$1 arch=$2 suite=$3 kernel=$4
    [ -e "$directory/fetched" ] && return
    if [ "$suite" != "${suite%%|*}" ]; then
        vm_fetch "$directory" "$arch" "${suite%%|*}" "$kernel" || vm_fetch "$directory" "$arch" "${suite#*|}" "$kernel"
        return
    fi
    rm -rf "$directory"
    vm_get "$directory" "$suite" "$arch" "$kernel" || return
    case $suite in - | bullseye) ;; *) vm_get "$directory" "$suite" "$arch" busybox-static || return ;; esac
    if [ "$arch" = arm64 ]; then
        mkdir "$directory/32" && vm_get "$directory/32" "$suite" armhf busybox-static || return
    fi
    for MODULES in "$directory"/linux/usr "$directory"/linux; do [ ! -e "$MODULES/lib/modules" ] || break; done
    depmod -b "$MODULES" "$(ls "$MODULES/lib/modules")" || return
    rm -rf "$directory"/deb "$directory"/*-lists "$directory"/*-cache "$directory"/32/*-{lists,cache}
    touch "$directory/fetched"
}

# vm_use ROW: false, and vm_why, if it is not available
vm_use() {
    local program row suite kernel directory
    row=$(echo "$vm_rows" | grep "^$1 ")
    read -r _ ARCH suite kernel vm_least vm_console vm_card vm_qemu <<< "$row"
    vm_card=virtio-net-$vm_card
    if [ "$suite" = - ]; then ARCH=$(dpkg --print-architecture); fi
    directory=$vm_directory/${1/#-/cloud} vm_why=
    for program in ${vm_qemu%% *} dpkg depmod busybox; do
        command -v $program > /dev/null || vm_why="needs $program"
    done
    if [ -z "$row" ]; then vm_why="there is no virtual machine of that kind"
    elif [ -n "$TARGET" ] && [ ! -e "build/$TARGET/lxcbox" ]; then vm_why="not built: make TARGET=$TARGET"
    elif [ "$suite" = - ] && [ "$ARCH" != amd64 ]; then vm_why="no virtual machine is known for $ARCH"; fi
    if [ -z "$vm_why" ] && ! (flock 9 && vm_fetch "$directory" "$ARCH" "$suite" "$kernel") \
        > "$WORK/fetch" 2>&1 9> "$vm_directory.lock"; then
        vm_why="cannot fetch $kernel: $(grep -E '^E:' "$WORK/fetch" | head -n 1)"
    fi
    [ -z "$vm_why" ] || return 1
    vm_keyboard=
    case $vm_qemu in *q35*) vm_keyboard=1 ;; esac
    vm_network="-netdev user,id=net -device $vm_card,netdev=net"
    for MODULES in "$directory"/linux/usr "$directory"/linux; do [ ! -e "$MODULES/lib/modules" ] || break; done
    RELEASE=$(ls "$MODULES/lib/modules")
    KERNEL=$(ls "$directory"/linux/boot/vmlinu[xz]-* "$MODULES"/lib/modules/*/vmlinuz 2> /dev/null | head -n 1)
    BUSYBOX=$(ls "$directory"/busybox/{usr/,}bin/busybox 2> /dev/null | head -n 1)
    BUSYBOX=${BUSYBOX:-$(command -v busybox)}
    BUSYBOX_32=$(ls "$directory"/32/busybox/bin/busybox 2> /dev/null)
    return 0
}

vm_needs() {
    VM_NAME=${TARGET:+ on $TARGET}
    vm_use "${TARGET:-${1:--}}" && return
    skip "$(basename "$0" .sh)$VM_NAME" "$vm_why"
    exit 0
}

vm_native() {
    [ -z "$TARGET" ] && return
    skip "$(basename "$0" .sh) on $TARGET" 'it is for this machine alone'
    exit 0
}

vm_initramfs() {
    local file=$1
    shift
    lxcbox mkinitramfs -o "$file" ${TARGET:+-x "build/$TARGET/lxcbox"} -b "$MODULES" -k "$RELEASE" "$@"
}

vm_run() {
    local initrd=$1 line=$2
    shift 2
    # x86's kernels look for a while whether a timer ticks: on a busy machine an emulated one may not, and they panic.
    case $vm_qemu in *q35*) line="no_timer_check $line" ;; esac
    # Programs at the same addresses each time are translated once: a third of the time that they take else.
    timeout -k 5 "$VM_SECONDS" $vm_qemu -m "${VM_MEMORY:-512}" -display none -no-reboot -nodefaults \
        -serial stdio -kernel "$KERNEL" -initrd "$initrd" -append \
        "console=$vm_console quiet panic=-1 norandmaps $line" "$@" < "${VM_INPUT:-/dev/null}" 2>&1 |
        sed -u 's/\r//g'
    return "${PIPESTATUS[0]}"
}

vm_guest() {
    cat > "$1" << 'GUEST'
#!/bin/sh
# The machine's init.
export PATH=/bin:/sbin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620 dev /dev/pts
mount -t tmpfs run /run
t() {
    promise=$1
    shift
    "$@" > "${WORK-}/t.out" 2>&1
    status=$?
    if [ $status -eq 0 ]; then echo "ok $promise"; else
        echo "not ok $promise"
        echo "    status $status"
        sed 's/^/    /' "${WORK-}/t.out"
    fi
}
is() {
    want=$1
    shift
    got=$("$@") && [ "$got" = "$want" ] && return
    echo "wanted: $want"
    echo "got: $got"
    return 1
}
has() {
    want=$1
    shift
    got=$("$@" 2>&1)
    echo "$got"
    echo "$got" | grep -Eq -- "$want"
}
fails() { ! "$@"; }
make_container() {
    mkdir -p /lxc/c/rootfs/bin /lxc/c/rootfs/proc /lxc/c/rootfs/dev /lxc/c/rootfs/tmp
    cp /bin/busybox /lxc/c/rootfs/bin/
    ln -s busybox /lxc/c/rootfs/bin/sh
    printf '%s\n' 'lxc.rootfs.path = dir:/lxc/c/rootfs' 'lxc.net.0.type = empty' 'lxc.mount.auto = proc' \
        'lxc.init.cmd = /bin/busybox sleep 600' "$@" > /lxc/c/config
}
box() { c=$1; shift; lxcbox "lxc-$c" -P /lxc -n c "$@"; }
inside() { box attach -- /bin/sh -c "$1"; }
off() {
    echo 'the end'
    poweroff -f
}
GUEST
    chmod 755 "$1"
}
