# For the test scripts of tests/boot: source it after tests/lib.sh. A virtual machine with one of Debian's kernels, which
# have what this machine's may lack, as cgroup v2 alone and AppArmor; the cloud kernel is the smaller, the other has
# drivers of real hardware too. The kernel is fetched once into build/boot, and nothing of it is installed.
#
# vm_needs [ARCH [cloud|full]]   sets KERNEL, RELEASE, MODULES (for mkinitramfs -b); else says why all is skipped, and ends
# vm_run INITRD LINE [OPTION]...   boots, with LINE added to the kernel's; prints what the machine says, until it is off
# vm_guest FILE             the start of a script that is the machine's init: t, is, has as in tests/lib.sh
vm_folder=$PWD/build/boot
VM_SECONDS=${VM_SECONDS:-110}

# vm_fetch ARCH NAME: Debian's newest kernel of that name, unpacked into build/boot.
vm_fetch() {
    local arch=$1 name=$2 folder=$vm_folder/$vm_kernel package options=()
    [ -e "$folder/done" ] && return
    if [ "$arch" != "$(dpkg --print-architecture)" ]; then
        mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
        options=(-o "APT::Architecture=$arch" -o "APT::Architectures=$arch" -o "Dir::State::lists=$folder/lists"
            -o "Dir::Cache=$folder/cache" -o Dir::State::status=/dev/null)
        timeout 60 apt-get -q "${options[@]}" update || return
    fi
    mkdir -p "$folder"
    package=$(apt-cache "${options[@]}" depends "$name" | sed -n 's/.*Depends: //p' | head -n 1)
    [ -n "$package" ] || return
    (cd "$folder" && timeout 100 apt-get -q -o APT::Sandbox::User=root "${options[@]}" download "$package") || return
    rm -rf "$folder/kernel"
    dpkg -x "$folder"/linux-image-*.deb "$folder/kernel" && rm "$folder"/linux-image-*.deb && depmod -b "$folder/kernel" "$(ls "$folder/kernel/lib/modules")" || return
    touch "$folder/done"
}

vm_needs() {
    local arch=${1:-amd64} name=linux-image-cloud-${1:-amd64} program why
    vm_kernel=$arch
    [ "${2:-cloud}" = cloud ] || { vm_kernel=$arch-full name=linux-image-$arch; }
    case $arch in amd64) vm_qemu=qemu-system-x86_64 ;; arm64) vm_qemu=qemu-system-aarch64 ;; esac
    for program in $vm_qemu dpkg depmod; do
        command -v $program > /dev/null || why="needs $program"
    done
    if [ -z "${why-}" ] && ! (flock 9 && vm_fetch "$arch" "$name" > "$WORK/fetch" 2>&1) 9> "$vm_folder.lock"; then
        why="cannot fetch $name: $(grep -E '^E:' "$WORK/fetch" | head -n 1)"
    fi
    if [ -n "${why-}" ]; then
        skip "$(basename "$0" .sh) ($arch)" "$why"
        exit 0
    fi
    RELEASE=$(ls "$vm_folder/$vm_kernel/kernel/lib/modules")
    MODULES=$vm_folder/$vm_kernel/kernel
    KERNEL=$vm_folder/$vm_kernel/kernel/boot/vmlinuz-$RELEASE
}

vm_run() {
    local initrd=$1 line=$2 machine
    shift 2
    case $vm_qemu in
    *x86_64) machine=(-M q35 -cpu max) line="console=ttyS0 $line" ;;
    *aarch64) machine=(-M virt -cpu max,pauth-impdef=on) line="console=ttyAMA0 $line" ;;
    esac
    timeout -k 5 "$VM_SECONDS" "$vm_qemu" "${machine[@]}" -m "${VM_MEMORY:-512}" -display none -no-reboot -nodefaults -serial stdio \
        -kernel "$KERNEL" -initrd "$initrd" -append "quiet panic=-1 $line" "$@" < /dev/null 2>&1 | sed -u 's/\r//g'
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
off() {
    echo 'the end'
    poweroff -f
}
GUEST
    chmod 755 "$1"
}
