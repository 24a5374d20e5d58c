# Everything a person may want to set. Each can also be given on the command line: make CC=clang PREFIX=/opt

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

# The compiler; gcc and clang both build without a warning. The dependencies' folder and the other tools follow.
CC = $(if $(TARGET),$(TRIPLET)-gcc,gcc)
# Smallest code: clang and, from 12 on, gcc know -Oz; an older gcc wants -Os.
CFLAGS = -Oz
LDFLAGS =
TRIPLET := $(if $(TARGET),$(or $(triplet_$(TARGET)),$(TARGET)),$(subst -pc-,-,$(shell $(CC) -dumpmachine)))
AR = $(TRIPLET)-ar
STRIP = $(TRIPLET)-strip
# The dependencies are built with gcc whatever CC is, so that both compilers share one build of them.
DEPS_CC = $(TRIPLET)-gcc
# Where the kernel's headers for the target are: linux/ and asm-generic/ in the first, asm/ in the second.
KERNEL_HEADERS := $(firstword $(wildcard /usr/$(TRIPLET)/include/linux/..) /usr/include)
KERNEL_ASM := $(firstword $(wildcard /usr/include/$(TRIPLET)/asm) $(KERNEL_HEADERS)/asm)

# Where `make install` puts things; DESTDIR is put before each.
PREFIX = /usr/local
DESTDIR =

# The applets to build in; leaving one out leaves its code out. Empty means every file of applets/.
# For a few: make APPLETS="lxc-start lxc-attach lxc-stop lxc-ls"
APPLETS =

# The certificate authorities built in: a folder of PEM files, by default those of Debian's package ca-certificates.
CA_CERTIFICATES = /usr/share/ca-certificates/mozilla

# A folder that holds the source packages below (each .dsc and the files it names), for a machine without a
# registry; build/deps/dist of a machine that has one is such a folder. Empty means the Debian archive that apt is
# set up for; apt checks its signature.
DISTDIR =

# Dependencies: Debian source packages. The SHA-256 is that of the .dsc file, which holds those of its other files.
MUSL_VERSION = 1.2.3-1
MUSL_SHA256 = 243a7462e9c751da662c4c61d4c96b6318c796ba302b72f6cdf74ea5427a9b4f
ZLIB_VERSION = 1:1.2.13.dfsg-1
ZLIB_SHA256 = 3fa1e6b2fc525062aa88207dda52fed8e045373c809d362fe8a2bfbf7cf515a8
XZ_VERSION = 5.4.1-1+deb12u2
XZ_SHA256 = bffc9917562b5787661379621bb1f7510bf7271b03d8ce4181cebc84b90d3c35
ZSTD_VERSION = 1.5.4+dfsg2-5
ZSTD_SHA256 = 8f602f92b575aa8b5e979196fb6ee82d78f233521dc9636526d3ecba1f63c1b1
LIBARCHIVE_VERSION = 3.6.2-1+deb12u5
LIBARCHIVE_SHA256 = aa86e919d6899ed11cc78c812d25a99b0493cbcc0e89b303507bf66d7dbda216
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
BUILD_PACKAGES = gcc make pkg-config libc6-dev linux-libc-dev binutils dpkg-dev autoconf automake libtool ca-certificates
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
	iproute2 \
	iptables \
	iputils-ping \
	isc-dhcp-client \
	isc-dhcp-server \
	iw \
	kmod \
	libarchive-dev \
	libbearssl-dev \
	libclang-rt-14-dev \
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
	squashfs-tools \
	strace \
	systemd \
	tcpdump \
	tinyproxy-bin \
	tshark \
	util-linux \
	wget \
	xz-utils \
	zlib1g-dev \
	zstd
