# lxcbox: `make help` lists the targets, config.mk holds what a person may set.
include config.mk

HOST := $(shell gcc -dumpmachine)
DEPS := build/deps/$(HOST)
ROOT := $(CURDIR)/$(DEPS)

# Sources are found, not listed.
applet_sources := $(if $(APPLETS),applets/lxcbox.c $(APPLETS:%=applets/%.c),$(wildcard applets/*.c))
room_sources := $(wildcard core/*.c core/*/*.c net/*.c fetch/*.c)
sources := $(sort $(applet_sources)) $(room_sources)
objects := $(sources:%.c=build/obj/%.o) build/obj/roots.o
# Files that core/config/includes.c takes in with .incbin.
embedded := $(wildcard core/config/include/*)
man_pages := $(wildcard applets/*.1 core/*.5 core/config/*.5)

warnings := -Wall -Wextra -Wshadow -Wconversion
# The C library is musl, the kernel's headers are the host's, the compiler's own headers its own.
compiler_headers := $(if $(findstring clang,$(CC)),$(shell $(CC) -print-resource-dir)/include,$(shell $(CC) -print-file-name=include))
product_flags = -std=gnu11 -D_GNU_SOURCE -DLXCBOX_VERSION='"$(VERSION)"' -I. -Ibuild/gen -nostdinc -isystem $(DEPS)/include \
	-isystem $(compiler_headers) $(warnings) -fPIE -fstack-protector-strong -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fno-unwind-tables -g
link_flags = -static-pie -nostdlib -nostartfiles -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack \
	-Wl,--build-id=none -Wl,-Map,build/lxcbox.map
crt = $(shell $(CC) -print-file-name=$(1))
libraries := -larchive -llzma -lzstd -lz -lbearssl -lyajl

# make V=1 shows every command.
Q = $(if $(V),,@)

.PHONY: all help setup deps size install clean distclean unit fuzz-smoke fuzz system check demo bench format-check
.DELETE_ON_ERROR:

all: build/lxcbox

help:
	@echo 'make              build/lxcbox, the executable'
	@echo 'make demo         set up, build, then create, start, enter and stop a container (as root, no network needed)'
	@echo 'make check        set up, build, then every test; says what it skips'
	@echo 'make setup        install what the build and the tests need, on Debian'
	@echo 'make unit         the unit tests: gcc, clang, and both under ASan and UBSan'
	@echo 'make fuzz-smoke   every fuzz target for a few seconds; make fuzz: for FUZZ_SECONDS each (600)'
	@echo 'make system       the tests against the real kernel and stock LXC, as root'
	@echo 'make bench        times against stock LXC and the floor that the kernel sets'
	@echo 'make size         the size, and what it is made of'
	@echo 'make install      executable, links and man pages (PREFIX=$(PREFIX), DESTDIR=)'
	@echo 'make clean        remove what was built; make distclean: the dependencies too'
	@echo 'Settings are in config.mk.'

# --- The executable ---------------------------------------------------------------------------------------------

build/lxcbox.debug: $(objects)
	$(Q)$(CC) $(link_flags) -o $@ $(call crt_first) $(objects) -L$(DEPS)/lib -Wl,--start-group $(libraries) -lc \
		$(shell $(CC) -print-libgcc-file-name) -Wl,--end-group $(call crt_last)

crt_first = $(DEPS)/lib/rcrt1.o $(DEPS)/lib/crti.o
crt_last = $(DEPS)/lib/crtn.o

build/lxcbox: build/lxcbox.debug
	$(Q)$(STRIP) -s -R .comment -o $@ $<

# What decides how objects look; when it changes, they are made anew.
build/flags: FORCE
	@mkdir -p build
	@echo '$(CC) $(CFLAGS) $(subst ','\'',$(product_flags)) $(sort $(sources))' | cmp -s - $@ || \
		echo '$(CC) $(CFLAGS) $(subst ','\'',$(product_flags)) $(sort $(sources))' > $@
FORCE:

build/obj/%.o: %.c build/flags | $(DEPS)/done
	@mkdir -p $(@D)
	$(Q)$(CC) $(product_flags) $(CFLAGS) -MMD -MP -c -o $@ $<

build/obj/core/config/includes.o: $(embedded)

build/obj/roots.o: build/gen/roots.c build/flags | $(DEPS)/done
	@mkdir -p $(@D)
	$(Q)$(CC) $(product_flags) $(CFLAGS) -c -o $@ $<

# Debian's certificate authorities as a table of trust anchors (names and keys only), by BearSSL's own tool.
build/gen/roots.c: config.mk | $(DEPS)/done
	@mkdir -p build/gen
	@ls $(CA_CERTIFICATES)/*.crt > /dev/null 2>&1 || \
		{ echo 'cannot build in certificate authorities: $(CA_CERTIFICATES) has none (install ca-certificates or set CA_CERTIFICATES)' >&2; exit 1; }
	@for f in $(CA_CERTIFICATES)/*.crt; do cat $$f; echo; done > build/gen/roots.pem
	@{ echo '#include <bearssl.h>'; $(DEPS)/bin/brssl ta build/gen/roots.pem 2> build/gen/roots.log | \
		sed 's/^static const br_x509_trust_anchor TAs\[.*\]/extern const br_x509_trust_anchor roots[];\nextern const size_t roots_count;\nconst br_x509_trust_anchor roots[]/; /^#define TAs_NUM/d'; \
	echo 'const size_t roots_count = sizeof(roots) / sizeof(roots[0]);'; } > $@

-include $(objects:.o=.d)

# --- Dependencies: Debian's source packages, built once into build/deps ------------------------------------------

deps: $(DEPS)/done

# Two makes that share build/deps must not build at once: the lock is taken once, the real work is in deps-locked.
$(DEPS)/done:
	@mkdir -p $(DEPS)
	flock $(DEPS)/lock $(MAKE) --no-print-directory deps-locked
	touch $@

.PHONY: deps-locked
deps-locked: $(DEPS)/stamp/zlib $(DEPS)/stamp/xz-utils $(DEPS)/stamp/libzstd $(DEPS)/stamp/bearssl $(DEPS)/stamp/yajl \
	$(DEPS)/stamp/libarchive

apt_folder := build/deps/apt
apt_options := -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$(CURDIR)/$(apt_folder)/sources \
	-o Dir::State::lists=$(CURDIR)/$(apt_folder)/lists -o APT::Sandbox::User=root

# A private view of the Debian archive's source packages; the system's own apt settings stay as they are.
$(apt_folder)/ready:
	mkdir -p $(apt_folder)/sources $(apt_folder)/lists
	set -e; for f in /etc/apt/sources.list.d/debian.sources; do \
		[ -e $$f ] && sed 's/^Types:.*/Types: deb-src/' $$f > $(apt_folder)/sources/debian.sources; done; \
	[ ! -e /etc/apt/sources.list ] || sed -n 's/^deb /deb-src /p' /etc/apt/sources.list > $(apt_folder)/sources/old.list
	apt-get -q $(apt_options) update
	touch $@

# $(call source,NAME,VERSION,SHA256,EPOCH): unpack a source package into build/deps/src/NAME, Debian's patches applied.
define source
	rm -rf build/deps/src/$(1) && mkdir -p build/deps/dist build/deps/src
	set -e; dsc=$(1)_$(2).dsc; \
	if [ -n "$(DISTDIR)" ]; then cp "$(DISTDIR)"/$(1)_* build/deps/dist/; \
	elif [ ! -e build/deps/dist/$$dsc ]; then cd build/deps/dist && \
		apt-get -q $(apt_options) source --download-only --only-source $(1)=$(4)$(2) && cd ../../..; fi; \
	echo "$(3)  build/deps/dist/$$dsc" | sha256sum -c --quiet - || \
		{ echo "$$dsc is not the file that config.mk pins; nothing was built from it" >&2; exit 1; }; \
	dpkg-source -q --no-check -x build/deps/dist/$$dsc build/deps/src/$(1) 2>/dev/null || \
		dpkg-source -x build/deps/dist/$$dsc build/deps/src/$(1)
endef
need_apt := $(if $(DISTDIR),,$(apt_folder)/ready)

dep_flags := -Os -fPIE -fstack-protector-strong -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
	-fno-unwind-tables
musl_cc := $(ROOT)/bin/musl-gcc
stamp = @mkdir -p $(DEPS)/stamp && touch $@

$(DEPS)/stamp/musl: $(need_apt)
	$(call source,musl,$(MUSL_VERSION),$(MUSL_SHA256))
	cd build/deps/src/musl && ./configure -q --prefix=$(ROOT) --syslibdir=$(ROOT)/lib --disable-shared --enable-wrapper=gcc \
		CC=gcc CFLAGS="$(dep_flags)" && $(MAKE) -s && $(MAKE) -s install
	set -e; for d in linux asm-generic; do ln -sfn /usr/include/$$d $(DEPS)/include/$$d; done; \
	ln -sfn /usr/include/$(shell gcc -print-multiarch)/asm $(DEPS)/include/asm
	$(stamp)

$(DEPS)/stamp/zlib: $(DEPS)/stamp/musl
	$(call source,zlib,$(ZLIB_VERSION),$(ZLIB_SHA256),$(ZLIB_EPOCH))
	cd build/deps/src/zlib && CC="$(musl_cc) -static -no-pie" CFLAGS="$(dep_flags)" ./configure --static --prefix=$(ROOT) > /dev/null && \
		$(MAKE) -s libz.a && cp libz.a $(ROOT)/lib/ && cp zlib.h zconf.h $(ROOT)/include/
	$(stamp)

$(DEPS)/stamp/xz-utils: $(DEPS)/stamp/musl
	$(call source,xz-utils,$(XZ_UTILS_VERSION),$(XZ_UTILS_SHA256))
	cd build/deps/src/xz-utils && ./configure -q CC=$(musl_cc) CFLAGS="$(dep_flags)" LDFLAGS="-static -no-pie" \
		--prefix=$(ROOT) --disable-shared --disable-encoders --enable-decoders=lzma1,lzma2,x86,arm,armthumb,arm64,delta --disable-threads --enable-small \
		--disable-xz --disable-xzdec --disable-lzmadec --disable-lzmainfo --disable-scripts --disable-doc --disable-nls \
		> /dev/null && $(MAKE) -s > /dev/null && $(MAKE) -s install > /dev/null
	$(stamp)

$(DEPS)/stamp/libzstd: $(DEPS)/stamp/musl
	$(call source,libzstd,$(LIBZSTD_VERSION),$(LIBZSTD_SHA256))
	cd build/deps/src/libzstd/lib && $(MAKE) -s libzstd.a CC=$(musl_cc) CFLAGS="$(dep_flags)" ZSTD_LEGACY_SUPPORT=0 \
		ZSTD_LIB_DICTBUILDER=0 ZSTD_LIB_DEPRECATED=0 HUF_FORCE_DECOMPRESS_X1=1 ZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT=1 \
		ZSTD_NO_INLINE=1 ZSTD_STRIP_ERROR_STRINGS=1 ZSTD_NO_ASM=1 > /dev/null && cp libzstd.a $(ROOT)/lib/ && cp zstd.h zstd_errors.h $(ROOT)/include/
	$(stamp)

$(DEPS)/stamp/bearssl: $(DEPS)/stamp/musl
	$(call source,bearssl,$(BEARSSL_VERSION),$(BEARSSL_SHA256))
	cd build/deps/src/bearssl && $(MAKE) -s build/brssl CC=gcc LD=gcc BUILD=build STATICLIB=lib > /dev/null 2>&1 || \
		$(MAKE) -s tools CC=gcc LD=gcc > /dev/null
	install -D build/deps/src/bearssl/build/brssl $(ROOT)/bin/brssl
	cd build/deps/src/bearssl && $(MAKE) -s clean && $(MAKE) -s lib CC=$(musl_cc) CFLAGS="-W -Wall $(dep_flags)" > /dev/null && \
		cp build/libbearssl.a $(ROOT)/lib/ && cp inc/*.h $(ROOT)/include/
	$(stamp)

# yajl's own build wants cmake and ruby for what is four files; the parser needs no more than these.
$(DEPS)/stamp/yajl: $(DEPS)/stamp/musl
	$(call source,yajl,$(YAJL_VERSION),$(YAJL_SHA256))
	mkdir -p $(DEPS)/include/yajl && cp build/deps/src/yajl/src/api/*.h $(DEPS)/include/yajl/
	cd build/deps/src/yajl/src && for f in yajl yajl_alloc yajl_buf yajl_encode yajl_lex yajl_parser; do \
		$(musl_cc) $(dep_flags) -DNDEBUG -I. -I$(ROOT)/include -c $$f.c || exit 1; done && $(AR) rcs $(ROOT)/lib/libyajl.a yajl*.o
	$(stamp)

$(DEPS)/stamp/libarchive: $(DEPS)/stamp/zlib $(DEPS)/stamp/xz-utils $(DEPS)/stamp/libzstd
	$(call source,libarchive,$(LIBARCHIVE_VERSION),$(LIBARCHIVE_SHA256))
	cd build/deps/src/libarchive && sh build/autogen.sh > /dev/null 2>&1 && ./configure -q CC=$(musl_cc) \
		CFLAGS="$(dep_flags)" CPPFLAGS=-I$(ROOT)/include LDFLAGS="-static -no-pie -L$(ROOT)/lib" --prefix=$(ROOT) --disable-shared \
		--disable-acl --enable-xattr --disable-bsdtar --disable-bsdcpio --disable-bsdcat --without-openssl --without-nettle \
		--without-mbedtls --without-xml2 --without-expat --without-bz2lib --without-lz4 --without-libb2 --without-iconv \
		--without-cng > /dev/null && $(MAKE) -s libarchive.la > /dev/null && cp .libs/libarchive.a $(ROOT)/lib/ && \
		cp libarchive/archive.h libarchive/archive_entry.h $(ROOT)/include/
	$(stamp)

# --- Setting up, size, install ------------------------------------------------------------------------------------

missing = $(shell for p in $(1); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done)

setup:
	@missing='$(call missing,$(BUILD_PACKAGES) $(TEST_PACKAGES))'; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if ! command -v apt-get > /dev/null || [ "$$(id -u)" != 0 ]; then \
		echo "cannot set up: missing $$missing (run as root on Debian, or install them by hand)" >&2; exit 1; fi; \
	apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $$missing

LIMIT := 1000000
size: build/lxcbox
	@size=$$(stat -c %s build/lxcbox); echo "build/lxcbox: $$size bytes, $$((size / 1000)) KB (at most $$(($(LIMIT) / 1000)) KB)"; \
	echo 'Largest contributors (bytes, object):'; \
	perl -ne '$$on ||= /^Linker script/; next unless $$on; chomp; $$_ = $$kept . $$_ if $$kept; $$kept = ""; \
		if (/^ \.\S+$$/) { $$kept = $$_; next } \
		$$sum{$$2} += hex $$1 if m{^ \.(?:text|rodata|data|init_array|tdata)\S* +0x\S+ +0x(\S+) .*?([^/]+)$$}; \
		END { print "$$sum{$$_} $$_\n" for keys %sum }' build/lxcbox.map | \
	sort -rn | head -10; [ $$size -le $(LIMIT) ]

install: build/lxcbox
	install -D -m 755 build/lxcbox $(DESTDIR)$(PREFIX)/bin/lxcbox
	set -e; for name in $$(build/lxcbox --list); do ln -sf lxcbox $(DESTDIR)$(PREFIX)/bin/$$name; done
	set -e; for page in $(man_pages); do \
		install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; done

clean:
	rm -rf build/obj build/gen build/unit build/fuzz build/test-logs build/lxcbox build/lxcbox.debug build/lxcbox.map build/flags

distclean: clean
	rm -rf build

include tests/tests.mk
