#!/bin/bash
# Builds the kernel that tests/boot/core.sh wants, with core scheduling, which no kernel of Debian has: Debian's source
# with little else switched on, into build/boot/core. By hand: it takes some minutes, and the packages bc, bison, flex
# and libelf-dev.
cd "$(dirname "$0")/.." || exit 1
directory=$PWD/build/boot/core
mkdir -p "$directory/source" && cd "$directory" || exit 1
source=$(apt-cache depends linux-source | sed -n 's/.*Depends: //p' | head -n 1)
[ -n "$source" ] &&
    apt-get -q -o APT::Sandbox::User=root download "$source" &&
    dpkg-deb --fsys-tarfile "$source"_*.deb |
        tar -xO "./usr/src/$source.tar.xz" |
        tar -xJ -C source --strip-components=1 ||
    exit 1
printf 'CONFIG_%s=y\n' 64BIT ACPI ADVISE_SYSCALLS BINFMT_ELF BINFMT_SCRIPT BLK_DEV_INITRD CGROUPS \
    CGROUP_FREEZER CGROUP_PIDS DEVTMPFS EARLY_PRINTK EPOLL EVENTFD EXPERT FILE_LOCKING FUTEX \
    HIGH_RES_TIMERS INET IPC_NS KEYS MEMBARRIER MEMFD_CREATE MULTIUSER NAMESPACES NET NET_NS PCI \
    PID_NS POSIX_MQUEUE POSIX_TIMERS PRINTK PROC_FS PROC_SYSCTL RD_GZIP RD_XZ RD_ZSTD RSEQ SCHED_CORE \
    SCHED_MC SCHED_SMT SECCOMP SERIAL_8250 SERIAL_8250_CONSOLE SHMEM SIGNALFD SMP SYSCTL SYSFS SYSVIPC \
    TIMERFD TIME_NS TMPFS TMPFS_XATTR TTY UNIX UNIX98_PTYS UNWINDER_GUESS USER_NS UTS_NS X86_MPPARSE \
    > config
printf 'CONFIG_%s=n\n' SPECULATION_MITIGATIONS HYPERVISOR_GUEST >> config
make -s -C source KCONFIG_ALLCONFIG="$directory/config" allnoconfig && grep -q '^CONFIG_SCHED_CORE=y' source/.config &&
    make -s -C source -j "$(nproc)" bzImage && cp source/arch/x86/boot/bzImage . && rm -rf source ./*.deb
