# All settings. Each can also be given on the command line: make CC=clang PREFIX=/opt

VERSION = 0.1.0

# The machine to build for, with Debian's cross compiler for it (package gcc-TRIPLET): aarch64, armhf, armel, riscv64,
# i386, mipsel, ppc64el or s390x. Empty: this one. What is built for another is in build/TARGET.
TARGET =
triplet_aarch64 = aarch64-linux-gnu
triplet_armhf = arm-linux-gnueabihf
triplet_armel = arm-linux-gnueabi
triplet_riscv64 = riscv64-linux-gnu
triplet_i386 = i686-linux-gnu
triplet_mipsel = mipsel-linux-gnu
triplet_ppc64el = powerpc64le-linux-gnu
triplet_s390x = s390x-linux-gnu
targets := $(sort $(patsubst triplet_%,%,$(filter triplet_%,$(.VARIABLES))))
# The emulator that runs its programs, for the unit tests (package qemu-user-static).
emulator_armhf = arm
emulator_armel = arm
emulator_ppc64el = ppc64le
EMULATOR = qemu-$(or $(emulator_$(TARGET)),$(TARGET))-static
# Debian's own name of it, in the names of packages.
debian_aarch64 = arm64
# What compilers for it need to be told: musl's long double has 64 bits on PowerPC.
flags_ppc64el = -mlong-double-64
TARGET_FLAGS = $(flags_$(TARGET))

# The compiler; gcc and clang both build without a warning. The dependencies' directory and the other tools follow.
CC = $(if $(TARGET),$(TRIPLET)-gcc,gcc)
# Smallest code: clang and, from 12 on, gcc know -Oz; an older gcc wants -Os.
CFLAGS = -Oz
LDFLAGS =
TRIPLET := $(if $(TARGET),$(or $(triplet_$(TARGET)),$(TARGET)),$(subst -pc-,-,$(shell $(CC) -dumpmachine)))
# What the names of the compiler and of binutils begin with; other distributions than Debian may have them without it.
TOOLS := $(if $(TARGET)$(shell command -v $(TRIPLET)-ar),$(TRIPLET)-)
AR = $(TOOLS)ar
STRIP = $(TOOLS)strip
# The dependencies are built with gcc whatever CC is, so that both compilers share one build of them.
DEPS_CC = $(TOOLS)gcc
# Where the kernel's headers for the target are: linux/ and asm-generic/ in the first, asm/ in the second.
KERNEL_HEADERS := $(firstword $(wildcard /usr/$(TRIPLET)/include/linux/..) /usr/include)
KERNEL_ASM := $(firstword $(wildcard /usr/include/$(TRIPLET)/asm) $(KERNEL_HEADERS)/asm)

# Where `make install` puts things; DESTDIR is put before each.
PREFIX = /usr/local
DESTDIR =

# The applets to build in; leaving one out leaves its code out. Empty means every file of applets/.
# For a few: make APPLETS="lxc-start lxc-attach lxc-stop lxc-ls"
APPLETS =

# The certificate authorities built in: a directory of PEM files, by default those of Debian's package ca-certificates.
CA_CERTIFICATES = /usr/share/ca-certificates/mozilla

# A directory with the source packages below (each .dsc file and the files it names), for a machine without apt or
# without a network; build/deps/dist of any machine that has built them is such a directory. Empty: the Debian archive.
DISTDIR =

# The Debian suites that the source packages come from, whatever the release of this machine is. The mirror is that of
# the apt settings of this machine; the key ring is the one that signs its archive.
SUITES = trixie bookworm
ARCHIVE_KEYRING := $(firstword $(wildcard /usr/share/keyrings/debian-archive-keyring.gpg \
	/usr/share/keyrings/debian-archive-keyring.pgp))

# Dependencies: Debian source packages. The SHA-256 is that of the .dsc file, which names those of its other files.
MUSL_VERSION = 1.2.5-3.1~deb13u1
MUSL_SHA256 = 972970614ed9159b04343b7f85bdf16f565b4a903f05d97e57dc730c7b0b8066
ZLIB_VERSION = 1:1.3.dfsg+really1.3.1-1
ZLIB_SHA256 = ede2791e29c1d3b422f9208bdd7edf040c20445ea1e7453a72037576e64fa197
XZ_VERSION = 5.8.1-1+deb13u1
XZ_SHA256 = ddadd9d9f7c4bb80b08f9f17409e2701a29a4cf8fe25e15d19605e5281c1fc1b
ZSTD_VERSION = 1.5.7+dfsg-1
ZSTD_SHA256 = 8f6ab97fa772d921334e50fa5756a0951e23c718dc913e43a228f28c1a23adf9
LIBARCHIVE_VERSION = 3.7.4-4+deb13u1
LIBARCHIVE_SHA256 = 0579aa62c9b547a520fd3af48382b1b071c75dde75643c5063fc5f5dcb80545b
# These two have the same upstream version in both suites: bookworm's revisions.
BEARSSL_VERSION = 0.6+dfsg.1-3
BEARSSL_SHA256 = 9bd17e07fc9824b0223dcb4ba14adac17981a4d8f1d63b6655819fe8f2ed98d1
YAJL_VERSION = 2.1.0-3+deb12u2
YAJL_SHA256 = 38420d432584960203b37e108bcf39a5b6f0f2c96620af51e358ad2ce2e8746b
# For the unit tests of another machine alone.
CMOCKA_VERSION = 1.1.5-2.1
CMOCKA_SHA256 = 9f94190b571e059dd6a359c7effd40b982c6c2796959ea201cf41e7cac0b6730

# What `make setup` installs on Debian when it is missing: to build, and to test; with TARGET= what is needed to build
# for another machine, and the emulator.
CROSS_PACKAGES = gcc-$(TRIPLET) linux-libc-dev-$(or $(debian_$(TARGET)),$(TARGET))-cross qemu-user-static
BUILD_PACKAGES = gcc make pkg-config libc6-dev linux-libc-dev binutils dpkg-dev autoconf automake libtool \
	ca-certificates
TEST_PACKAGES = apparmor \
	bind9-dnsutils \
	btrfs-progs \
	busybox-static \
	checkpolicy \
	clang \
	clang-format \
	criu \
	debootstrap \
	dnsmasq-base \
	docker-registry \
	e2fsprogs \
	iproute2 \
	iptables \
	iputils-ping \
	isc-dhcp-client \
	isc-dhcp-server \
	iw \
	kmod \
	libarchive-dev \
	libbearssl-dev \
	libclang-rt-dev \
	libcmocka-dev \
	liblzma-dev \
	libyajl-dev \
	libzstd-dev \
	lxc \
	nftables \
	nginx-light \
	openssl \
	procps \
	python3 \
	python3-lxc \
	qemu-system-x86 \
	rsync \
	skopeo \
	squashfs-tools \
	strace \
	systemd \
	tcpdump \
	tinyproxy-bin \
	tshark \
	umoci \
	util-linux \
	wget \
	xz-utils \
	zlib1g-dev \
	zstd
