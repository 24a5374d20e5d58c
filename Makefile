# lxcbox: `make help` lists the targets, config.mk holds what a person may set.
MAKEFLAGS += --no-builtin-rules
# Commands are shown by `make V=1`.
Q := $(if $(V),,@)
include config.mk
comma := ,

OUT := build$(if $(TARGET),/$(TARGET))
$(shell mkdir -p build/deps $(OUT)/obj)
DEPS := build/deps/$(TRIPLET)

# Sources are found, not listed. What an applet has beside its own file is in a folder of its name.
applet_sources := $(if $(APPLETS),applets/lxcbox.c $(wildcard applets/lxcbox/*.c) $(APPLETS:%=applets/%.c) $(wildcard $(APPLETS:%=applets/%/*.c)),\
	$(wildcard applets/*.c applets/*/*.c))
room_sources := $(wildcard core/*/*.c net/*/*.c fetch/*/*.c applets/cli/*.c)
sources := $(sort $(applet_sources) $(room_sources))
objects := $(sources:%.c=$(OUT)/obj/%.o) $(OUT)/obj/roots.o
# Files that core/config takes in with .incbin.
embedded := $(wildcard core/config/include/*)
man_pages := $(wildcard applets/*.1 applets/*.5 core/*.5 core/*/*.5)

warnings := -Wall -Wextra -Wshadow -Wconversion
language := -std=gnu11 -D_GNU_SOURCE -DLXCBOX_VERSION='"$(VERSION)"' -I.
hardening := -fPIE -fstack-protector-strong
dead_code := -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables
# The C library is musl, the kernel's headers are the host's, the compiler's own headers its own.
compiler_headers := $(if $(findstring clang,$(CC)),$(shell $(CC) -print-resource-dir)/include,$(shell $(CC) -print-file-name=include))
# Hidden: on riscv64 and s390x the linker would leave pointers to what is visible to a dynamic linker, and there is none.
compile = $(CC) $(language) -nostdinc -isystem $(DEPS)/include -isystem $(compiler_headers) $(warnings) $(hardening) \
	$(dead_code) -fvisibility=hidden -g $(TARGET_FLAGS) $(CFLAGS)
libraries := -larchive -llzma -lzstd -lz -lbearssl -lyajl
packed := $(if $(shell $(TRIPLET)-ld --help | grep pack-relative-relocs),$(comma)-z$(comma)pack-relative-relocs)
link := $(CC) $(TARGET_FLAGS) -static-pie -nostdlib -nostartfiles -Wl,--no-dynamic-linker,-z,text -Wl,--gc-sections,-z,nostart-stop-gc -Wl,-z,relro,-z,now,-z,noexecstack$(packed) \
	-Wl,--build-id=none,-Map,$(OUT)/lxcbox.map $(LDFLAGS)

.PHONY: all help deps setup size install clean distclean
.DELETE_ON_ERROR:

all: $(OUT)/lxcbox

help:
	@echo 'make              build/lxcbox, the executable; make TARGET=aarch64: for another machine'
	@echo 'make dist         for every machine, into build/dist, with sizes and SHA-256'
	@echo 'make demo         set up, build, then create, start, enter and stop a container (as root, no network needed)'
	@echo 'make check        set up, build, then every test; says what it skips'
	@echo 'make setup        install what the build and the tests need, on Debian; with TARGET= what building for it needs'
	@echo 'make unit         the unit tests: gcc and clang, each also under ASan and UBSan; with TARGET= under qemu-user'
	@echo 'make cross-check  set up, build and run the unit tests for every machine, then make dist; takes long'
	@echo 'make fuzz-smoke   every fuzz target for a few seconds; make fuzz: for FUZZ_SECONDS each (600)'
	@echo 'make system       the tests against the real kernel and against stock LXC, as root'
	@echo 'make boot         the tests in virtual machines; with TARGET= on one of that kind: aarch64, riscv64, armhf, i386, s390x'
	@echo 'make bench        times against stock LXC'
	@echo 'make size         the size, and what it is made of'
	@echo 'make install      executable, links and man pages (PREFIX=$(PREFIX), DESTDIR=$(DESTDIR))'
	@echo 'make clean        remove what was built; make distclean: the dependencies too'
	@echo 'Settings are in config.mk.'

# --- The executable ---------------------------------------------------------------------------------------------

# Two files that change when what they hold changes: how objects are compiled, and which there are.
ifneq ($(strip $(compile)),$(strip $(file < $(OUT)/obj/flags)))
$(file > $(OUT)/obj/flags,$(compile))
endif
ifneq ($(strip $(link) $(objects)),$(strip $(file < $(OUT)/obj/list)))
$(file > $(OUT)/obj/list,$(link) $(objects))
endif

$(OUT)/lxcbox: $(OUT)/lxcbox.debug
	$(Q)$(STRIP) -s -R .comment -o $@ $<

$(OUT)/lxcbox.debug: $(objects) $(OUT)/obj/list
	@echo '  link $@'
	$(Q)$(link) -o $@ $(DEPS)/lib/rcrt1.o $(DEPS)/lib/crti.o $(objects) -L$(DEPS)/lib -Wl,--start-group $(libraries) -lc \
		$(shell $(DEPS_CC) -print-libgcc-file-name) -Wl,--end-group $(DEPS)/lib/crtn.o
	@! $(TRIPLET)-readelf -rW $@ | grep 'R_.* + ' || \
		{ echo '$@: these pointers would stay NULL: musl relocates a static executable by its own addresses alone' >&2; exit 1; }

$(OUT)/obj/%.o: %.c $(OUT)/obj/flags | deps
	@mkdir -p $(@D)
	@echo '  $(CC) $<'
	$(Q)$(compile) -MMD -MP -c -o $@ $<

$(patsubst %.c,$(OUT)/obj/%.o,$(shell grep -ls incbin $(room_sources))): $(embedded)

$(OUT)/obj/roots.o: build/gen/roots.c $(OUT)/obj/flags | deps
	@echo '  $(CC) $<'
	$(Q)$(compile) -c -o $@ $<

# The certificate authorities as a table of trust anchors (name and key of each) by BearSSL's own tool, compressed; see
# fetch/http/roots.h.
build/gen/roots.c: config.mk Makefile | deps
	@mkdir -p build/gen
	@ls $(CA_CERTIFICATES)/*.crt > /dev/null 2>&1 || { echo 'cannot build in certificate authorities: no *.crt in' \
		'$(CA_CERTIFICATES) (install ca-certificates or set CA_CERTIFICATES)' >&2; exit 1; }
	@for f in $(CA_CERTIFICATES)/*.crt; do cat "$$f"; echo; done > build/gen/roots.pem
	@$(DEPS)/bin/brssl ta build/gen/roots.pem > build/gen/anchors 2> build/gen/log || { cat build/gen/log >&2; exit 1; }
	@perl -0777 -ne 'while (/char TA\d+_(\w+)\[\] = \{(.*?)\}/gs) { \
		print $$1 eq "RSA_N" ? "\1" : $$1 eq "EC_Q" ? "\2" : "", pack "n/a*", pack "C*", map hex, $$2 =~ /0x(..)/g }' \
		build/gen/anchors > build/gen/roots
	@{ echo '#include "fetch/http/roots.h"'; echo 'const unsigned char roots[] = {'; \
		gzip -9n < build/gen/roots | od -An -v -tu1 | sed 's/[0-9][0-9]*/&,/g'; echo '};'; \
		echo "const size_t roots_size = sizeof(roots), roots_whole = $$(wc -c < build/gen/roots);"; } > $@

-include $(objects:.o=.d)

# --- Dependencies: Debian's source packages, built once into build/deps/TRIPLET ------------------------------------

# musl 1.2.3 starts a static-pie without the packed relocations (DT_RELR, the generic ELF ABI) that 1.2.4 knows and
# that spare us 50 KB: an address, then bitmaps of which of the words after it to relocate.
define relr
	size_t *relr = (void *)(base + dyn[36]), *where = 0;
	for (size_t count = dyn[35] / sizeof(size_t); count; count--, relr++) {
		if (!(*relr & 1)) {
			where = (void *)(base + *relr);
			*where++ += base;
			continue;
		}
		for (size_t bits = *relr >> 1, k = 0; bits; bits >>= 1, k++)
			if (bits & 1)
				where[k] += base;
		where += 8 * sizeof(size_t) - 1;
	}
endef
export relr

# On x86_64 musl copies everything by string instructions, which take longer to start than most of our copies are long:
# half of the processor time of a list of containers. Up to 32 bytes are read whole, then written whole, so that the two
# may also overlap.
define memcpy
	cmp $$32,%rdx
	ja 9f
	mov %rdi,%rax
	cmp $$16,%edx
	jb 3f
	movups (%rsi),%xmm0
	movups -16(%rsi,%rdx),%xmm1
	movups %xmm0,(%rdi)
	movups %xmm1,-16(%rdi,%rdx)
	ret
3:	cmp $$8,%edx
	jb 4f
	mov (%rsi),%rcx
	mov -8(%rsi,%rdx),%rsi
	mov %rcx,(%rdi)
	mov %rsi,-8(%rdi,%rdx)
	ret
4:	cmp $$4,%edx
	jb 5f
	mov (%rsi),%ecx
	mov -4(%rsi,%rdx),%esi
	mov %ecx,(%rdi)
	mov %esi,-4(%rdi,%rdx)
	ret
5:	test %edx,%edx
	jz 6f
	mov %rdx,%r9
	shr %r9
	movzbl (%rsi),%ecx
	movzbl -1(%rsi,%rdx),%r8d
	movzbl (%rsi,%r9),%esi
	mov %cl,(%rdi)
	mov %sil,(%rdi,%r9)
	mov %r8b,-1(%rdi,%rdx)
6:	ret
9:
endef
export memcpy

# Two parts of musl that nothing here has a use for are cut out. We stay in the "C" locale, where no character but
# those of ASCII is a letter, a punctuation mark or has another case: no Unicode tables (11 KB). And nothing prints
# floating point (4 KB): printf's %f, %e, %g and %a fail with EOVERFLOW. And open(2) of every kernel since 2.6.23 knows O_CLOEXEC.
define musl_commands
printf '%s\n' "$$relr" > ldso/relr.h; printf '%s\n' "$$memcpy" > memcpy.inc; \
sed -i '/^__memcpy_fwd:/r memcpy.inc' src/string/x86_64/memcpy.s; \
sed -i '/^memmove:/a \\tcmp $$32,%rdx\n\tjbe __memcpy_fwd' src/string/x86_64/memmove.s; \
sed -i '/flags & O_CLOEXEC))/,+1d' src/fcntl/open.c; \
sed -i 's/DYN_CNT 32$$/DYN_CNT 37/' src/internal/dynlink.h; \
sed -i '/stage2_func dls2;/i \#include "relr.h"' ldso/dlstart.c; \
sed -i '/c >= 0x20000) return c;/c return (c | 32) - 97 < 26 ? (dir ? c & ~32 : c | 32) : c;' src/ctype/towctrans.c; \
sed -i '/wc<0x20000U/i return (wc | 32) - 97 < 26;' src/ctype/iswalpha.c; \
sed -i '/wc<0x20000U/i return wc - 33 < 94 \&\& wc - 48 >= 10 \&\& (wc | 32) - 97 >= 26;' src/ctype/iswpunct.c; \
sed -i 's/l = fmt_fp(f,.*;/l = -1;/' src/stdio/vfprintf.c; \
$(configure) --syslibdir=$(ROOT)/lib --enable-wrapper=gcc CC=$(DEPS_CC) CFLAGS='$(deps_flags)'; \
$(MAKE); $(MAKE) install; \
ln -sfn $(KERNEL_HEADERS)/linux $(KERNEL_HEADERS)/asm-generic $(KERNEL_ASM) $(ROOT)/include/
endef

define zlib_commands
CC='$(deps_cc) -static -no-pie' CFLAGS='$(deps_flags_fast) -DDYNAMIC_CRC_TABLE' ./configure --static --prefix=$(ROOT); \
$(MAKE) libz.a; cp libz.a $(ROOT)/lib/; cp zlib.h zconf.h $(ROOT)/include/
endef

# First brssl, a tool for this machine (build/gen/roots.c), then the library for the target, and the SHA-256 that
# liblzma looks for in a system.
define sha256
#include <bearssl.h>
typedef br_sha256_context SHA256_CTX;
#define SHA256_Init br_sha256_init
#define SHA256_Update br_sha256_update
#define SHA256_Final(out, context) br_sha256_out(context, out)
endef
export sha256
define bearssl_commands
$(MAKE) tools CC=gcc LD=gcc BUILD=host; install -D host/brssl $(ROOT)/bin/brssl; \
$(MAKE) lib CC=$(deps_cc) AR=$(AR) CFLAGS='$(deps_flags_fast)'; \
cp build/libbearssl.a $(ROOT)/lib/; cp inc/*.h $(ROOT)/include/; \
printf '%s\n' "$$sha256" > $(ROOT)/include/sha256.h
endef

# Of liblzma's checksums two are others' that we have anyway (CRC-32 is zlib's, SHA-256 BearSSL's), and the tables of
# CRC-64 are made at their first use rather than kept in the file: 20 KB less. Nor does it ask at the start of every
# command what the processor can do, which takes 50 us where that is a virtual one.
define crc32
#include "check.h"
#include <zlib.h>
uint32_t lzma_crc32(const uint8_t *bytes, size_t size, uint32_t crc)
{
	return (uint32_t)crc32_z(crc, bytes, size);
}
endef
define crc64
#include "common.h"
uint64_t lzma_crc64_table[4][256];
void lzma_crc64_make_table(void)
{
	if (lzma_crc64_table[3][255])
		return;
	for (int k = 0; k < 4; k++)
		for (uint64_t i = 0; i < 256; i++) {
			uint64_t crc = k ? lzma_crc64_table[k - 1][i] : i;
			for (int bit = 0; bit < 8; bit++)
				crc = crc >> 1 ^ (crc & 1 ? 0xc96c5795d7870f42 : 0);
			lzma_crc64_table[k][i] = crc;
		}
#ifdef WORDS_BIGENDIAN
	for (int i = 0; i < 4 * 256; i++)
		lzma_crc64_table[i / 256][i % 256] = bswap64(lzma_crc64_table[i / 256][i % 256]);
#endif
}
endef
export crc32 crc64
define xz_commands
printf '%s\n' "$$crc32" > src/liblzma/check/crc32_fast.c; \
printf '%s\n' "$$crc64" > src/liblzma/check/crc64_table.c; \
sed -i 's/const uint64_t lzma_crc64_table.*/uint64_t lzma_crc64_table[4][256]; void lzma_crc64_make_table(void);/' \
	src/liblzma/check/check.h; \
sed -i '/^crc64_generic(const/,/^{/s/^{/{\n\tlzma_crc64_make_table();/' src/liblzma/check/crc64_fast.c; \
ac_cv_search_SHA256_Init='none required' ac_cv_func_SHA256_Init=yes \
$(configure) $(cross) CC=$(deps_cc) CFLAGS='$(deps_flags_fast)' LDFLAGS='-static -no-pie' \
	--disable-encoders --enable-decoders=lzma1,lzma2,x86,arm,armthumb,arm64,delta --enable-external-sha256 \
	--disable-assembler --disable-threads --disable-xz --disable-xzdec --disable-lzmadec --disable-lzmainfo --disable-scripts \
	--disable-doc --disable-nls; \
sed -i '/HAVE_FUNC_ATTRIBUTE_CONSTRUCTOR/d' config.h; $(MAKE); $(MAKE) install
endef

# Small, but for two files whose 2.6 KB make unpacking 2.5 times as fast: what decodes a block, and the checksum.
define zstd_commands
sed -i '1i \#undef ZSTD_NO_INLINE' lib/decompress/zstd_decompress_block.c; \
sed -i '1i \#pragma GCC optimize 2' lib/common/xxhash.c; \
$(MAKE) -C lib libzstd.a CC=$(deps_cc) AR=$(AR) CFLAGS='$(deps_flags_fast) -DDYNAMIC_BMI2=0 -DHUF_FORCE_DECOMPRESS_X1 \
	-DZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT -DZSTD_NO_INLINE -DZSTD_STRIP_ERROR_STRINGS -DZSTD_DISABLE_ASM' \
	ZSTD_LEGACY_SUPPORT=0 ZSTD_LIB_DICTBUILDER=0 ZSTD_LIB_DEPRECATED=0; \
cp lib/libzstd.a $(ROOT)/lib/; cp lib/zstd.h lib/zstd_errors.h $(ROOT)/include/
endef

# yajl's own build wants cmake for what is six files. We take numbers as text: no strtod (6 KB).
define yajl_commands
mkdir -p $(ROOT)/include/yajl; cp src/api/*.h $(ROOT)/include/yajl/; cd src; \
sed -i 's/strtod(.*)/0/' yajl_parser.c; \
for f in yajl yajl_alloc yajl_buf yajl_encode yajl_lex yajl_parser; do \
	$(deps_cc) $(deps_flags) -DNDEBUG -I. -I$(ROOT)/include -c $$f.c; done; $(AR) rcs $(ROOT)/lib/libyajl.a yajl*.o
endef

# File names are bytes and stay as they are: of libarchive's conversions between character sets, 15 KB, none remains.
define libarchive_commands
sed -i -e '/^setup_converter(/,/^}/s/^\tsc->nconverter = 0;/\tsc->nconverter = 1; return;/' \
	-e '/^archive_strncat_l(/,/^}/s/^\tint i, r = 0, r2;/&\n\tsc = NULL;/' libarchive/archive_string.c; \
sh build/autogen.sh; $(configure) $(cross) CC=$(deps_cc) CFLAGS='$(deps_flags)' \
	CPPFLAGS=-I$(ROOT)/include LDFLAGS='-static -no-pie -L$(ROOT)/lib' LIBS='-lz -lbearssl' --disable-acl --enable-xattr \
	--disable-bsdtar --disable-bsdcpio --disable-bsdcat --without-openssl --without-nettle --without-mbedtls --without-xml2 \
	--without-expat --without-bz2lib --without-lz4 --without-libb2 --without-iconv --without-cng; \
$(MAKE) libarchive.la; cp .libs/libarchive.a $(ROOT)/lib/; \
cp libarchive/archive.h libarchive/archive_entry.h $(ROOT)/include/
endef

# For the unit tests of another machine: two files, whose own build wants cmake.
define cmocka_commands
cp include/cmocka*.h $(ROOT)/include/; for h in ASSERT_H INTTYPES_H SIGNAL_H STDIO_H STDLIB_H STRING_H STRINGS_H TIME_H \
	UNISTD_H SETJMP_H STDARG_H STDDEF_H STDINT_H CALLOC EXIT FPRINTF FREE LONGJMP MALLOC MEMCPY PRINTF SETJMP SIGNAL SNPRINTF \
	STRSIGNAL STRCMP CLOCK_GETTIME CLOCK_REALTIME STRUCT_TIMESPEC VSNPRINTF; do echo "#define HAVE_$$h 1"; done > config.h; \
$(deps_cc) $(deps_flags) -D_GNU_SOURCE -D_UINTPTR_T -DHAVE_CONFIG_H -I. -Iinclude -c src/cmocka.c; \
$(AR) rcs $(ROOT)/lib/libcmocka.a cmocka.o
endef

# What runs for every byte of an image or of a connection, and all the rest.
deps_flags_fast := $(TARGET_FLAGS) -Os $(hardening) $(dead_code)
deps_flags := $(TARGET_FLAGS) -Oz $(hardening) $(dead_code)

# Per dependency: its name here (upper case in config.mk), and the name of Debian's source package.
packages := cmocka:cmocka musl:musl zlib:zlib xz:xz-utils zstd:libzstd libarchive:libarchive bearssl:bearssl yajl:yajl
names := $(foreach p,$(filter-out cmocka:%,$(packages)),$(firstword $(subst :, ,$(p))))
package = $(patsubst $(1):%,%,$(filter $(1):%,$(packages)))
upper = $(shell echo $(1) | tr a-z A-Z)
full_version = $($(call upper,$(1))_VERSION)
version = $(lastword $(subst :, ,$(call full_version,$(1))))
# A stamp is named for the version and for how it is built, so a change of either builds it anew.
parts_musl = $(relr) $(memcpy)
parts_bearssl = $(sha256)
parts_xz = $(crc32) $(crc64)
how = $(file > $(OUT)/obj/how,$(value $(1)_commands) $(parts_$(1)) $(deps_flags) $(deps_flags_fast))$(firstword \
	$(shell cksum < $(OUT)/obj/how))
$(foreach n,$(names),$(eval stamp_$(n) := $(DEPS)/stamp/$(n)-$(call version,$(n))-$(call how,$(n))))
stamps := $(foreach n,$(names),$(stamp_$(n)))
stamp_cmocka := $(DEPS)/stamp/cmocka-$(call version,cmocka)

$(OUT)/lxcbox.debug: $(stamps)

ifndef DEPS_LOCKED

deps: $(filter-out $(wildcard $(stamps)),$(stamps))

# build/deps may be shared between working trees: one make at a time builds there.
$(stamps) &:
	@command -v $(DEPS_CC) > /dev/null || { echo 'cannot build: there is no $(DEPS_CC) (make setup$(if $(TARGET), TARGET=$(TARGET)) installs it on Debian)' >&2; exit 1; }
	@flock build/deps/lock $(MAKE) --no-print-directory DEPS_LOCKED=1 deps
$(stamp_cmocka): | deps
	@flock build/deps/lock $(MAKE) --no-print-directory DEPS_LOCKED=1 $@

else

deps: $(stamps)

# The real path: musl's compiler wrapper holds it.
ROOT := $(realpath build/deps)/$(TRIPLET)
deps_cc := $(ROOT)/bin/musl-gcc
apt := $(realpath build/deps)/apt
apt_options := -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$(apt)/sources \
	-o Dir::State::lists=$(apt)/lists -o Dir::Cache=$(apt)/cache -o APT::Sandbox::User=root
configure := ./configure -q --prefix=$(ROOT) --disable-shared
cross := $(if $(findstring $(shell gcc -dumpmachine),$(TRIPLET)),,--host=$(TRIPLET))

# A private view of the archive's source packages; the system's own apt settings stay as they are.
$(apt)/ready:
	@mkdir -p $(apt)/sources $(apt)/lists $(apt)/cache
	@if [ -e /etc/apt/sources.list.d/debian.sources ]; then \
		sed 's/^Types:.*/Types: deb-src/' /etc/apt/sources.list.d/debian.sources > $(apt)/sources/debian.sources; \
	else sed -n 's/^deb /deb-src /p' /etc/apt/sources.list > $(apt)/sources/debian.list; fi
	@apt-get $(apt_options) update > $(apt)/log 2>&1 || { cat $(apt)/log >&2; exit 1; }
	@touch $@

# $(call unpack,NAME): its source, with Debian's patches, in build/deps/TRIPLET/src/NAME. The pinned SHA-256 vouches for
# the .dsc file and dpkg-source holds the other files against the .dsc.
define unpack
	@echo 'building $(1) $(call version,$(1)) for $(TRIPLET)'
	@mkdir -p build/deps/dist $(DEPS)/src $(DEPS)/stamp
	@set -e; dsc=$(call package,$(1))_$(call version,$(1)).dsc; \
	if [ -n '$(DISTDIR)' ]; then cp '$(DISTDIR)'/$(call package,$(1))_* build/deps/dist/; \
	elif [ ! -e build/deps/dist/$$dsc ]; then \
		(cd build/deps/dist && apt-get $(apt_options) source --download-only --only-source \
			$(call package,$(1))=$(call full_version,$(1)) > $(apt)/log 2>&1) || { cat $(apt)/log >&2; \
		echo 'cannot fetch $(call package,$(1)) $(call full_version,$(1)) (name a version that the Debian archive has in' \
			'config.mk, or a folder that has this one with DISTDIR=)' >&2; rm -f build/deps/dist/$$dsc; exit 1; }; \
	fi; \
	echo '$($(call upper,$(1))_SHA256)  build/deps/dist/'$$dsc | sha256sum -c --quiet --strict - || \
		{ echo "cannot build from $$dsc: it is not the file that config.mk names by its SHA-256" >&2; exit 1; }; \
	rm -rf $(DEPS)/src/$(1); \
	dpkg-source -q --no-copy -x build/deps/dist/$$dsc $(DEPS)/src/$(1) > $(DEPS)/src/$(1).log 2>&1 || \
		{ cat $(DEPS)/src/$(1).log >&2; exit 1; }
endef

# $(call build,NAME): run NAME_commands in its source; what they print is shown only if they fail. ("+": they are makes
# that share our jobs; where `make -n` unpacked nothing they do not run either.)
define build
	$(call unpack,$(1))
	@rm -f $(DEPS)/stamp/$(1)-*
	+@[ -d $(DEPS)/src/$(1) ] || exit 0; (set -e; cd $(DEPS)/src/$(1); $($(1)_commands)) > $(DEPS)/src/$(1).log 2>&1; \
	if [ $$? != 0 ]; then tail -n 40 $(DEPS)/src/$(1).log >&2; \
		echo 'cannot build $(1); all that was printed is in $(DEPS)/src/$(1).log' >&2; exit 1; fi
	@rm -rf $(DEPS)/src/$(1)
	@touch $@
endef
registry := $(if $(DISTDIR),,| $(apt)/ready)

$(stamp_zlib) $(stamp_bearssl) $(stamp_yajl) $(stamp_zstd): $(stamp_musl)
$(stamp_xz): $(stamp_zlib) $(stamp_bearssl)
$(stamp_libarchive): $(stamp_xz) $(stamp_zstd)
$(stamp_musl): $(registry)
$(stamps) $(stamp_cmocka): $(DEPS)/stamp/%:
	$(call build,$(firstword $(subst -, ,$*)))

endif

# --- Setting up, size, install ------------------------------------------------------------------------------------

setup:
	@missing=$$(for p in $(BUILD_PACKAGES) $(if $(TARGET),$(CROSS_PACKAGES),$(TEST_PACKAGES)); do \
		dpkg-query -W -f '$${Status}' $$p 2> /dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if ! command -v apt-get > /dev/null || [ "$$(id -u)" != 0 ]; then \
		echo "cannot set up: missing" $$missing "(run as root on Debian, or install them by hand)" >&2; exit 1; fi; \
	apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $$missing

size_limit := 1000000
SIZE_ROWS = 10
size: $(OUT)/lxcbox
	@size=$$(stat -c %s $(OUT)/lxcbox); \
	echo "$(OUT)/lxcbox: $$size bytes, $$((size / 1000)) KB (at most $$(($(size_limit) / 1000)) KB)"; \
	echo 'Largest contributors (bytes, object):'; \
	awk 'function number(hex,  i, n) { for (i = 3; i <= length(hex); i++) n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1; return n } \
		/^Linker script and memory map/ { on = 1 } !on || /^ \.(debug|comment|bss)/ { next } \
		/^ [.a-z]/ || pending { if (NF == 1) { pending = 1; next } pending = 0; \
			if ($$(NF-1) !~ /^0x/ || $$(NF-2) ~ /^0x0+$$/) next; \
			name = $$NF; sub(/^.*\//, "", name); sum[name] += number($$(NF-1)) } \
		END { for (name in sum) print sum[name], name }' $(OUT)/lxcbox.map | sort -rn | head -$(SIZE_ROWS); \
	[ $$size -le $(size_limit) ]

# One executable for every machine, each of which was run once. Its name says which: lxcbox-VERSION-aarch64.
.PHONY: dist try
own := $(firstword $(subst -, ,$(TRIPLET)))
dist: $(targets:%=dist-%) dist-$(own)
	@cd build/dist && sha256sum $(^:dist-%=lxcbox-$(VERSION)-%) > SHA256SUMS && \
		while read -r sum file; do echo "$$sum $$(stat -c %s $$file) bytes $$file"; done < SHA256SUMS
	@echo 'build/dist holds these, and SHA256SUMS'

dist-%:
	@+$(MAKE) --no-print-directory $(if $(filter $*,$(targets)),TARGET=$*) $(if $(filter $*,$(targets)),build/$*/lxcbox,build/lxcbox)
	@install -D -m 755 $(if $(filter $*,$(targets)),build/$*/lxcbox,build/lxcbox) build/dist/lxcbox-$(VERSION)-$*
	@+$(MAKE) --no-print-directory $(if $(filter $*,$(targets)),TARGET=$*) try TRY=build/dist/lxcbox-$(VERSION)-$*

# Run what was built: the version, and a command of LXC's by its name.
try:
	@emulator=$(if $(TARGET),$(EMULATOR)); \
	if [ -n "$$emulator" ] && ! command -v $$emulator > /dev/null; then \
		echo "$(TRY): not run, as there is no $$emulator (make setup TARGET=$(TARGET))"; exit 0; fi; \
	if [ "$$($$emulator $(TRY) --version)" != $(VERSION) ] || [ "$$($$emulator $(TRY) lxc-config lxc.bdev.zfs.root)" != lxc ]; then \
		echo "$(TRY) does not run$${emulator:+ under $$emulator}" >&2; exit 1; fi

install: $(OUT)/lxcbox
	install -D -m 755 $(OUT)/lxcbox $(DESTDIR)$(PREFIX)/bin/lxcbox
	$(DESTDIR)$(PREFIX)/bin/lxcbox --install -s $(DESTDIR)$(PREFIX)/bin
	set -e; for page in $(man_pages); do \
		install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; done

clean:
	rm -rf $(targets:%=build/%) build/dist $(OUT)/obj build/gen build/unit build/fuzz build/test-logs $(OUT)/lxcbox $(OUT)/lxcbox.debug $(OUT)/lxcbox.map

distclean: clean
	rm -rf build

include tests/tests.mk
