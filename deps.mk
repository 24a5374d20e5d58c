# The dependencies: Debian's source packages, built once into build/deps/TRIPLET. config.mk pins their versions.
# Each library is built as its authors and Debian ship it: the recipes choose options of the compiler and of the
# library's own configuration, and edit no source. A function that has to be different is a file of ours in
# core/base/override, which the linker takes before the library's.

# What runs for every byte of an image or of a connection is optimized for size less than the rest.
deps_flags := $(TARGET_FLAGS) -Oz $(hardening) $(dead_code)
deps_flags_fast := $(TARGET_FLAGS) -Os $(hardening) $(dead_code)

# --- Recipes ------------------------------------------------------------------------------------------------------
# NAME_commands runs in the unpacked source and stops at the first command that fails. NAME_provides lists what must
# exist afterwards, below build/deps/TRIPLET: FILE, or FILE:SYMBOL for a library that must define or call SYMBOL.

define musl_commands
$(configure) --syslibdir=$(ROOT)/lib --enable-wrapper=gcc CC=$(DEPS_CC) CFLAGS='$(deps_flags)'; \
$(MAKE); $(MAKE) install; \
ln -sfn $(KERNEL_HEADERS)/linux $(KERNEL_HEADERS)/asm-generic $(KERNEL_ASM) $(ROOT)/include/
endef
musl_provides = bin/musl-gcc include/linux/if_link.h include/asm-generic/errno.h include/asm/unistd.h lib/crti.o lib/crtn.o \
	lib/rcrt1.o:_start_c lib/libc.a:printf lib/libc.a:regcomp lib/libc.a:fnmatch lib/libc.a:pthread_create

define zlib_commands
CC='$(deps_cc) -static -no-pie' CFLAGS='$(deps_flags_fast) -DDYNAMIC_CRC_TABLE' ./configure --static --prefix=$(ROOT); \
$(MAKE) libz.a; cp libz.a $(ROOT)/lib/; cp zlib.h zconf.h $(ROOT)/include/
endef
zlib_provides = include/zlib.h lib/libz.a:inflate lib/libz.a:deflate lib/libz.a:crc32_z

# First brssl, a tool for this machine (build/gen/roots.c), then the library for the target.
define bearssl_commands
$(MAKE) tools CC=gcc LD=gcc BUILD=host; install -D host/brssl $(ROOT)/bin/brssl; \
$(MAKE) lib CC=$(deps_cc) AR=$(AR) CFLAGS='$(deps_flags_fast)'; \
cp build/libbearssl.a $(ROOT)/lib/; cp inc/*.h $(ROOT)/include/
endef
bearssl_provides = bin/brssl include/bearssl.h lib/libbearssl.a:br_sslio_read lib/libbearssl.a:br_sha256_init \
	lib/libbearssl.a:br_x509_minimal_init_full

# Without the checksums by special instructions: to choose them, liblzma asks the processor at the start of every
# command, which takes 50 us in a virtual machine.
define xz_commands
$(configure) $(cross) CC=$(deps_cc) CFLAGS='$(deps_flags_fast)' LDFLAGS='-static -no-pie' \
	--disable-encoders --enable-decoders=lzma1,lzma2,x86,arm,armthumb,arm64,delta --disable-clmul-crc \
	--disable-arm64-crc32 --disable-loongarch-crc32 --disable-microlzma --disable-lzip-decoder --disable-assembler \
	--disable-threads --disable-sandbox --disable-xz --disable-xzdec --disable-lzmadec --disable-lzmainfo \
	--disable-lzma-links --disable-scripts --disable-doc --disable-nls; \
$(MAKE); $(MAKE) install
endef
xz_provides = include/lzma.h lib/liblzma.a:lzma_stream_decoder lib/liblzma.a:lzma_crc64

# One file after another, since two of them get other options than the rest: inlining where blocks are decoded, and more
# speed for the checksum. These 2.6 KB make unpacking 2.5 times as fast.
define zstd_commands
cd lib; for f in common/*.c compress/*.c decompress/*.c; do \
	case $$f in */zstd_decompress_block.c) own=; ;; */xxhash.c) own=-O2 ;; *) own=-DZSTD_NO_INLINE ;; esac; \
	$(deps_cc) $(deps_flags_fast) -DXXH_NAMESPACE=ZSTD_ -DDYNAMIC_BMI2=0 -DHUF_FORCE_DECOMPRESS_X1 \
		-DZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT -DZSTD_STRIP_ERROR_STRINGS -DZSTD_DISABLE_ASM -DZSTD_LEGACY_SUPPORT=0 \
		$$own -c $$f; \
done; $(AR) rcs $(ROOT)/lib/libzstd.a *.o; cp zstd.h zstd_errors.h $(ROOT)/include/
endef
zstd_provides = include/zstd.h lib/libzstd.a:ZSTD_decompressStream lib/libzstd.a:ZSTD_compressStream

# yajl's own build requires cmake; these six files are all that we use of it.
define yajl_commands
mkdir -p $(ROOT)/include/yajl; cp src/api/*.h $(ROOT)/include/yajl/; cd src; \
for f in yajl yajl_alloc yajl_buf yajl_encode yajl_lex yajl_parser; do \
	$(deps_cc) $(deps_flags) -DNDEBUG -I. -I$(ROOT)/include -c $$f.c; done; $(AR) rcs $(ROOT)/lib/libyajl.a yajl*.o
endef
yajl_provides = include/yajl/yajl_parse.h lib/libyajl.a:yajl_parse

define libarchive_commands
sh build/autogen.sh; $(configure) $(cross) CC=$(deps_cc) CFLAGS='$(deps_flags)' \
	CPPFLAGS=-I$(ROOT)/include LDFLAGS='-static -no-pie -L$(ROOT)/lib' --disable-acl --enable-xattr \
	--disable-bsdtar --disable-bsdcpio --disable-bsdcat --disable-bsdunzip --without-openssl --without-nettle \
	--without-mbedtls --without-xml2 --without-expat --without-bz2lib --without-lz4 --without-libb2 --without-iconv \
	--without-cng; \
$(MAKE) libarchive.la; cp .libs/libarchive.a $(ROOT)/lib/; \
cp libarchive/archive.h libarchive/archive_entry.h $(ROOT)/include/
endef
libarchive_provides = include/archive.h lib/libarchive.a:archive_read_support_format_tar \
	lib/libarchive.a:archive_write_set_format_pax lib/libarchive.a:archive_write_set_format_cpio_newc \
	lib/libarchive.a:lzma_stream_decoder lib/libarchive.a:ZSTD_decompressStream lib/libarchive.a:inflate

# For the unit tests of another machine: two files, whose own build requires cmake.
define cmocka_commands
cp include/cmocka*.h $(ROOT)/include/; for h in ASSERT_H INTTYPES_H SIGNAL_H STDIO_H STDLIB_H STRING_H STRINGS_H TIME_H \
	UNISTD_H SETJMP_H STDARG_H STDDEF_H STDINT_H CALLOC EXIT FPRINTF FREE LONGJMP MALLOC MEMCPY PRINTF SETJMP SIGNAL SNPRINTF \
	STRSIGNAL STRCMP CLOCK_GETTIME CLOCK_REALTIME STRUCT_TIMESPEC VSNPRINTF; do echo "#define HAVE_$$h 1"; done > config.h; \
$(deps_cc) $(deps_flags) -D_GNU_SOURCE -D_UINTPTR_T -DHAVE_CONFIG_H -I. -Iinclude -c src/cmocka.c; \
$(AR) rcs $(ROOT)/lib/libcmocka.a cmocka.o
endef
cmocka_provides = include/cmocka.h lib/libcmocka.a:_cmocka_run_group_tests

# --- Stamps -------------------------------------------------------------------------------------------------------

# Per dependency: its name here (upper case in config.mk), and the name of Debian's source package.
packages := cmocka:cmocka musl:musl zlib:zlib xz:xz-utils zstd:libzstd libarchive:libarchive bearssl:bearssl yajl:yajl
names := $(foreach p,$(filter-out cmocka:%,$(packages)),$(firstword $(subst :, ,$(p))))
package = $(patsubst $(1):%,%,$(filter $(1):%,$(packages)))
upper = $(shell echo $(1) | tr a-z A-Z)
full_version = $($(call upper,$(1))_VERSION)
version = $(lastword $(subst :, ,$(call full_version,$(1))))
# A stamp is named for the version and for the recipe, so that a change of either builds the dependency again.
recipe_sum = $(file > $(OUT)/obj/recipe,$(value $(1)_commands) $(deps_flags) $(deps_flags_fast))$(firstword \
	$(shell cksum < $(OUT)/obj/recipe))
$(foreach n,$(names),$(eval stamp_$(n) := $(DEPS)/stamp/$(n)-$(call version,$(n))-$(call recipe_sum,$(n))))
stamps := $(foreach n,$(names),$(stamp_$(n)))
stamp_cmocka := $(DEPS)/stamp/cmocka-$(call version,cmocka)

$(OUT)/lxcbox.debug: $(stamps)
# What is built stays when the next one fails.
.PRECIOUS: $(stamps)

ifndef DEPS_LOCKED

deps: $(filter-out $(wildcard $(stamps)),$(stamps))

# Only fetch, into build/deps/dist: DISTDIR for another machine.
sources:
	@flock build/deps/lock $(MAKE) --no-print-directory DEPS_LOCKED=1 sources

# build/deps may be shared between working trees: one make at a time builds there.
$(stamps) &:
	@command -v $(DEPS_CC) > /dev/null || { echo 'cannot build: $(DEPS_CC) is not installed (on Debian: make setup$(if $(TARGET), TARGET=$(TARGET)))' >&2; exit 1; }
	@flock build/deps/lock $(MAKE) --no-print-directory DEPS_LOCKED=1 deps
$(stamp_cmocka): | deps
	@flock build/deps/lock $(MAKE) --no-print-directory DEPS_LOCKED=1 $@

else

deps: $(stamps)

# The real path: musl's compiler wrapper contains it.
ROOT := $(realpath build/deps)/$(TRIPLET)
deps_cc := $(ROOT)/bin/musl-gcc
configure := ./configure -q --prefix=$(ROOT) --disable-shared
cross := $(if $(findstring $(shell gcc -dumpmachine),$(TRIPLET)),,--host=$(TRIPLET))

# --- Sources ------------------------------------------------------------------------------------------------------

# A private view of the archive's source packages, of the suites that config.mk names; the apt settings of this machine
# stay as they are.
apt := $(realpath build/deps)/apt-$(firstword $(SUITES))
apt_options := -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$(apt)/sources \
	-o Dir::State::lists=$(apt)/lists -o Dir::Cache=$(apt)/cache -o APT::Sandbox::User=root

# Prints "main URI" and "security URI" for each Debian archive in apt settings of either format.
define mirrors
function suite(name, uri) {
	if (name ~ /^(stable|oldstable|testing|unstable|sid|bullseye|bookworm|trixie|forky|duke)$$/) print "main", uri
	if (name ~ /^[a-z]+-security$$/) print "security", uri
}
function stanza(  i, j, n, m, uris, names) {
	n = split(uri_list, uris); m = split(suite_list, names)
	for (i = 1; i <= n; i++) for (j = 1; j <= m; j++) if (!disabled) suite(names[j], uris[i])
	uri_list = suite_list = disabled = ""
}
/^deb(-src)?[ \t]/ { sub(/^[^ \t]+[ \t]+(\[[^]]*\][ \t]*)?/, ""); suite($$2, $$1); next }
/^[ \t]*$$/ { stanza() }
tolower($$1) == "uris:" { $$1 = ""; uri_list = $$0 }
tolower($$1) == "suites:" { $$1 = ""; suite_list = $$0 }
tolower($$1) == "enabled:" { disabled = tolower($$2) == "no" }
END { stanza() }
endef
export mirrors

# $(call source_stanza,URI,SUITES)
source_stanza = printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' $(1) '$(2)' $(ARCHIVE_KEYRING)

$(apt)/ready: config.mk
	@command -v apt-get > /dev/null && [ -e '$(ARCHIVE_KEYRING)' ] || { echo 'cannot fetch the dependencies: this machine' \
		'has no apt with the keys of the Debian archive (install debian-archive-keyring, or see DISTDIR in README)' >&2; exit 1; }
	@rm -rf $(apt)
	@mkdir -p $(apt)/sources $(apt)/lists $(apt)/cache
	@set -e; for f in /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do \
		[ ! -e $$f ] || cat $$f; echo; done | awk "$$mirrors" > $(apt)/mirrors; \
	main=$$(sed -n 's/^main //p' $(apt)/mirrors | head -n 1); main=$${main:-http://deb.debian.org/debian}; \
	security=$$(sed -n 's/^security //p' $(apt)/mirrors | head -n 1); security=$${security:-$${main%/}-security}; \
	$(call source_stanza,$$main,$(SUITES)) > $(apt)/sources/main.sources; \
	$(call source_stanza,$$main,$(SUITES:%=%-updates)) > $(apt)/sources/updates.sources; \
	$(call source_stanza,$$security,$(SUITES:%=%-security)) > $(apt)/sources/security.sources; \
	if ! apt-get $(apt_options) update --error-on=any > $(apt)/log 2>&1; then \
		rm $(apt)/sources/updates.sources $(apt)/sources/security.sources; \
		apt-get $(apt_options) update --error-on=any >> $(apt)/log 2>&1 || { cat $(apt)/log >&2; exit 1; }; \
	fi
	@touch $@

# $(call fetch,NAME): its source package into build/deps/dist; sets `version`, `dsc` and the SHA-256 that it must have. An
# update may have removed the pinned version from the archive: then the newest revision of the same upstream version
# that the archive has, for which the archive's signatures vouch.
define fetch
	for version in $$wanted $$(apt-cache $(apt_options) showsrc --only-source $$package 2> $(apt)/log | sed -n 's/^Version: //p' | \
			while read -r v; do [ "$${v%-*}" != "$${wanted%-*}" ] || ! dpkg --compare-versions $$v gt $$wanted || echo $$v; done | sort -rVu); do \
		dsc=$${package}_$${version#*:}.dsc; \
		if [ -e build/deps/dist/$$dsc ] || \
			(cd build/deps/dist && apt-get $(apt_options) source --download-only --only-source $$package=$$version) > $(apt)/log 2>&1; then break; fi; \
		rm -f build/deps/dist/$$dsc; \
		dsc=; \
	done; \
	if [ -z "$$dsc" ]; then cat $(apt)/log >&2; \
		echo "cannot fetch $$package $$wanted (name a version that the Debian archive has in config.mk, or see DISTDIR in README)" >&2; exit 1; fi; \
	if [ $$version != $$wanted ]; then \
		echo "$$package: building version $$version, since the archive does not have $$wanted any more"; \
		sum=$$(apt-cache $(apt_options) showsrc --only-source $$package | awk -v f="$$dsc" 'length($$1) == 64 && $$3 == f { print $$1; exit }'); \
		source='the Debian archive'; \
	fi
endef

# $(call obtain,NAME): fetch, or take from DISTDIR. The SHA-256 vouches for the .dsc file, which names those of the others.
define obtain
	@mkdir -p build/deps/dist
	@set -e; package=$(call package,$(1)) wanted=$(call full_version,$(1)) sum=$($(call upper,$(1))_SHA256) source=config.mk; \
	$(if $(DISTDIR),dsc=$${package}_$${wanted#*:}.dsc; \
	[ -e '$(DISTDIR)'/$$dsc ] || { echo "cannot build $$package: '$(DISTDIR)' has no $$dsc (see DISTDIR in README)" >&2; exit 1; }; \
	[ '$(DISTDIR)' -ef build/deps/dist ] || cp '$(DISTDIR)'/$${package}_* build/deps/dist/,$(call fetch,$(1))); \
	echo "$$sum  build/deps/dist/$$dsc" | sha256sum -c --quiet --strict - || \
		{ echo "cannot build from $$dsc: its SHA-256 is not the one that $$source names" >&2; exit 1; }; \
	echo $$dsc > build/deps/dist/$(1)
endef

# $(call unpack,NAME): its source, with Debian's patches, in build/deps/TRIPLET/src/NAME.
define unpack
	@echo 'building $(1) $(call version,$(1)) for $(TRIPLET)'
	$(call obtain,$(1))
	@mkdir -p $(DEPS)/src $(DEPS)/stamp
	@rm -rf $(DEPS)/src/$(1)
	@dpkg-source -q --no-copy -x build/deps/dist/$$(cat build/deps/dist/$(1)) $(DEPS)/src/$(1) > $(DEPS)/src/$(1).log 2>&1 || \
		{ cat $(DEPS)/src/$(1).log >&2; exit 1; }
endef

# --- Building -----------------------------------------------------------------------------------------------------

# $(call build,NAME): run NAME_commands in its source and check NAME_provides; the output is shown only if a step fails.
# ("+": they are makes that share our jobs; where `make -n` unpacked nothing they do not run either.)
define build
	$(call unpack,$(1))
	@rm -f $(DEPS)/stamp/$(1)-*
	+@[ -d $(DEPS)/src/$(1) ] || exit 0; (set -e; cd $(DEPS)/src/$(1); $($(1)_commands)) > $(DEPS)/src/$(1).log 2>&1; \
	if [ $$? != 0 ]; then tail -n 40 $(DEPS)/src/$(1).log >&2; \
		echo 'cannot build $(1); the whole output is in $(DEPS)/src/$(1).log' >&2; exit 1; fi
	@for expected in $($(1)_provides); do \
		file=$(ROOT)/$${expected%%:*} symbol=$${expected#*:}; \
		[ -s $$file ] || { echo "cannot build $(1): its recipe has not made $$file" >&2; exit 1; }; \
		[ $$symbol = $$expected ] || $(TOOLS)nm -g $$file 2> /dev/null | grep -q " [TWVDRiU] $$symbol\$$" || \
			{ echo "cannot build $(1): $$file lacks the symbol $$symbol" >&2; exit 1; }; \
	done
	@rm -rf $(DEPS)/src/$(1)
	@touch $@
endef
registry := $(if $(DISTDIR),,| $(apt)/ready)

sources: $(names:%=source-%)
source-%: $(registry)
	$(call obtain,$*)

$(stamp_zlib) $(stamp_bearssl) $(stamp_yajl) $(stamp_zstd) $(stamp_xz): $(stamp_musl)
$(stamp_libarchive): $(stamp_zlib) $(stamp_xz) $(stamp_zstd)
$(stamp_musl): $(registry)
$(stamps) $(stamp_cmocka): $(DEPS)/stamp/%:
	$(call build,$(firstword $(subst -, ,$*)))

endif
