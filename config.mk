# Everything a person may want to set. Each can also be given on the command line: make CC=clang PREFIX=/opt

VERSION = 0.1.0

# The compiler; gcc and clang both build without a warning.
CC = gcc
AR = ar
STRIP = strip
OBJCOPY = objcopy
CFLAGS = -Os
LDFLAGS =

# Where `make install` puts things; DESTDIR is put before each.
PREFIX = /usr/local
DESTDIR =

# The applets to build in; leaving one out leaves its code out. Every file of applets/ by default;
# for a few: make APPLETS="lxc-start lxc-attach lxc-stop lxc-ls"
APPLETS =

# A folder that holds the source packages below (.dsc and all it names), for a machine without a registry.
# Empty: they come from the Debian archive that apt is set up for, its signature checked by apt.
DISTDIR =

# The certificate authorities built in: PEM files of Debian's package ca-certificates.
CA_CERTIFICATES = /usr/share/ca-certificates/mozilla

# Dependencies: Debian source packages. The SHA-256 is of the .dsc, which holds those of all its files.
MUSL_VERSION = 1.2.3-1
MUSL_SHA256 = 243a7462e9c751da662c4c61d4c96b6318c796ba302b72f6cdf74ea5427a9b4f
ZLIB_VERSION = 1.2.13.dfsg-1
ZLIB_EPOCH = 1:
ZLIB_SHA256 = 3fa1e6b2fc525062aa88207dda52fed8e045373c809d362fe8a2bfbf7cf515a8
XZ_UTILS_VERSION = 5.4.1-1+deb12u2
XZ_UTILS_SHA256 = bffc9917562b5787661379621bb1f7510bf7271b03d8ce4181cebc84b90d3c35
LIBZSTD_VERSION = 1.5.4+dfsg2-5
LIBZSTD_SHA256 = 8f602f92b575aa8b5e979196fb6ee82d78f233521dc9636526d3ecba1f63c1b1
LIBARCHIVE_VERSION = 3.6.2-1+deb12u5
LIBARCHIVE_SHA256 = aa86e919d6899ed11cc78c812d25a99b0493cbcc0e89b303507bf66d7dbda216
BEARSSL_VERSION = 0.6+dfsg.1-3
BEARSSL_SHA256 = 9bd17e07fc9824b0223dcb4ba14adac17981a4d8f1d63b6655819fe8f2ed98d1
YAJL_VERSION = 2.1.0-3+deb12u2
YAJL_SHA256 = 38420d432584960203b37e108bcf39a5b6f0f2c96620af51e358ad2ce2e8746b

# What `make setup` installs on Debian when it is missing: to build, and to test.
BUILD_PACKAGES = gcc make libc6-dev linux-libc-dev binutils dpkg-dev autoconf automake libtool ca-certificates
TEST_PACKAGES = clang libclang-rt-14-dev libcmocka-dev libarchive-dev liblzma-dev libzstd-dev zlib1g-dev libbearssl-dev \
	libyajl-dev busybox-static iproute2 util-linux procps python3 xz-utils \
	lxc nginx-light openssl debootstrap strace
