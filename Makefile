# lxcbox: `make help` lists the targets, config.mk holds the settings.
MAKEFLAGS += --no-builtin-rules
# Commands are shown by `make V=1`.
Q := $(if $(V),,@)
include config.mk
comma := ,

OUT := build$(if $(TARGET),/$(TARGET))
$(shell mkdir -p build/deps $(OUT)/obj)
DEPS := build/deps/$(TRIPLET)

# Sources are found, not listed. What an applet has beside its own file is in a directory of its name.
applet_sources := $(if $(APPLETS),applets/lxcbox.c $(wildcard applets/lxcbox/*.c) $(APPLETS:%=applets/%.c) \
	$(wildcard $(APPLETS:%=applets/%/*.c)),\
	$(wildcard applets/*.c applets/*/*.c))
module_sources := $(wildcard core/*/*.c net/*/*.c fetch/*/*.c applets/cli/*.c)
# Functions of ours that the linker takes instead of a library's: in programs for the target only.
overrides := $(basename $(wildcard core/base/override/*.c core/base/override/*.S))
core_objects := $(module_sources:%.c=$(OUT)/obj/%.o) $(overrides:%=$(OUT)/obj/%.o) $(OUT)/obj/roots.o
objects := $(sort $(applet_sources:%.c=$(OUT)/obj/%.o) $(core_objects))
# Files that core/config takes in with .incbin.
embedded := $(wildcard core/config/include/*)
man_pages := $(wildcard applets/*.1 applets/*.5 core/*.5 core/*/*.5)

warnings := -Wall -Wextra -Wshadow -Wconversion
language := -std=gnu11 -D_GNU_SOURCE -DLXCBOX_VERSION='"$(VERSION)"' -I.
hardening := -fPIE -fstack-protector-strong
dead_code := -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables
# The C library is musl, the kernel's headers are the host's, the compiler's own headers its own.
compiler_headers := $(if $(findstring clang,$(CC)),$(shell $(CC) -print-resource-dir)/include,\
	$(shell $(CC) -print-file-name=include))
# Hidden: on riscv64 and s390x the linker would leave pointers to what is visible to a dynamic linker, and there is
# none.
compile = $(CC) $(language) -nostdinc -isystem $(DEPS)/include -isystem $(compiler_headers) $(warnings) $(hardening) \
	$(dead_code) -fvisibility=hidden -g $(TARGET_FLAGS) $(CFLAGS)
libraries := -larchive -llzma -lzstd -lz -lbearssl -lyajl
packed := $(if $(shell $(TOOLS)ld --help | grep pack-relative-relocs),$(comma)-z$(comma)pack-relative-relocs)
link := $(CC) $(TARGET_FLAGS) -static-pie -nostdlib -nostartfiles -Wl,--no-dynamic-linker,-z,text \
	-Wl,--gc-sections,-z,nostart-stop-gc -Wl,-z,relro,-z,now,-z,noexecstack$(packed) \
	-Wl,--build-id=none,-Map,$(OUT)/lxcbox.map $(LDFLAGS)

.PHONY: all help deps sources setup size install clean distclean
.DELETE_ON_ERROR:

all: $(OUT)/lxcbox

help:
	@echo 'make              build/lxcbox, the executable; make TARGET=aarch64: for another machine'
	@echo 'make dist         for every machine, into build/dist, with sizes and SHA-256'
	@echo 'make demo         set up, build, then create, start, enter and stop a container (as root, no network needed)'
	@echo 'make check        set up, build, then every test; says what it skips'
	@echo 'make setup        install what the build and the tests need, on Debian; with TARGET= what building for it needs'
	@echo 'make sources      fetch the dependencies into build/deps/dist, for a machine without apt: DISTDIR there'
	@echo 'make unit         the unit tests: gcc and clang, each also under ASan and UBSan; with TARGET= under qemu-user'
	@echo 'make cross-check  set up, build and run the unit tests for every machine, then make dist; takes long'
	@echo 'make fuzz-smoke   every fuzz target for a few seconds; make fuzz: for FUZZ_SECONDS each (600)'
	@echo 'make fuzz-coverage  the product lines that the corpus reaches, by target and module'
	@echo 'make ubsan        the tests of attacks with an executable that ends at undefined behaviour'
	@echo 'make system       the tests against the real kernel and against stock LXC, as root'
	@echo 'make boot         the tests in virtual machines; with TARGET= on one of that kind: aarch64, riscv64,'
	@echo '                  armhf, i386, s390x'
	@echo 'make soak         make ubsan, long life, load, loss of power, every injected fault; takes hours'
	@echo 'make bench        times against stock LXC'
	@echo 'make size         the size, and what it is made of'
	@echo 'make install      executable, links and man pages (PREFIX=$(PREFIX), DESTDIR=$(DESTDIR))'
	@echo 'make clean        remove what was built; make distclean: the dependencies too'
	@echo 'Settings are in config.mk.'

include deps.mk

# --- The executable ---------------------------------------------------------------------------------------------

# Two files that change when what they hold changes: how objects are compiled, against which libraries' headers, and
# which objects there are.
ifneq ($(strip $(compile) $(stamps)),$(strip $(file < $(OUT)/obj/flags)))
$(file > $(OUT)/obj/flags,$(compile) $(stamps))
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
	@! $(TOOLS)readelf -rW $@ | grep 'R_.* + ' || \
		{ echo '$@: these pointers would stay NULL:' \
			'musl relocates a static executable by its own addresses alone' >&2; exit 1; }

$(OUT)/obj/%.o: %.c $(OUT)/obj/flags | deps
	@mkdir -p $(@D)
	@echo '  $(CC) $<'
	$(Q)$(compile) -MMD -MP -c -o $@ $<

$(OUT)/obj/%.o: %.S $(OUT)/obj/flags | deps
	@mkdir -p $(@D)
	@echo '  $(CC) $<'
	$(Q)$(compile) -MMD -MP -c -o $@ $<

$(patsubst %.c,$(OUT)/obj/%.o,$(shell grep -ls incbin $(module_sources))): $(embedded)

$(OUT)/obj/roots.o: build/gen/roots.c $(OUT)/obj/flags | deps
	@echo '  $(CC) $<'
	$(Q)$(compile) -c -o $@ $<

# The certificate authorities as a table of trust anchors (name and key of each) by BearSSL's own tool, compressed; see
# fetch/http/roots.h. A certificate that the tool has not turned into an anchor is an error.
build/gen/roots.c: config.mk Makefile | deps
	@mkdir -p build/gen
	@ls $(CA_CERTIFICATES)/*.crt > /dev/null 2>&1 || { echo 'cannot build in certificate authorities: no *.crt in' \
		'$(CA_CERTIFICATES) (install ca-certificates or set CA_CERTIFICATES)' >&2; exit 1; }
	@for f in $(CA_CERTIFICATES)/*.crt; do cat "$$f"; echo; done > build/gen/roots.pem
	@$(DEPS)/bin/brssl ta build/gen/roots.pem > build/gen/anchors 2> build/gen/log || { cat build/gen/log >&2; exit 1; }
	@perl -0777 -ne 'while (/char TA\d+_(\w+)\[\] = \{(.*?)\}/gs) { \
		print $$1 eq "RSA_N" ? "\1" : $$1 eq "EC_Q" ? "\2" : "", pack "n/a*", pack "C*", map hex, $$2 =~ /0x(..)/g }' \
		build/gen/anchors > build/gen/roots
	@certificates=$$(grep -c 'BEGIN CERTIFICATE' build/gen/roots.pem); \
	anchors=$$(grep -c 'char TA[0-9]*_DN\[\]' build/gen/anchors); \
	[ "$$certificates" -gt 0 ] && [ "$$certificates" = "$$anchors" ] && [ -s build/gen/roots ] || { \
		echo 'cannot build in' "certificate authorities: $$certificates certificates in $(CA_CERTIFICATES)" \
			"gave $$anchors trust anchors" >&2; exit 1; }
	@gzip -9n < build/gen/roots > build/gen/roots.gz
	@{ echo '#include "fetch/http/roots.h"'; echo 'const unsigned char roots[] = {'; \
		od -An -v -tu1 build/gen/roots.gz | sed 's/[0-9][0-9]*/&,/g'; echo '};'; \
		echo "const size_t roots_size = sizeof(roots), roots_whole = $$(wc -c < build/gen/roots);"; } > $@

-include $(objects:.o=.d)

# --- Setting up, size, install ------------------------------------------------------------------------------------

setup:
	@missing=$$(for p in $(BUILD_PACKAGES) $(if $(TARGET),$(CROSS_PACKAGES),$(TEST_PACKAGES)); do \
		dpkg-query -W -f '$${Status}' $$p 2> /dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if ! command -v apt-get > /dev/null || [ "$$(id -u)" != 0 ]; then \
		echo "cannot set up: missing" $$missing "(run as root on Debian, or install them by hand)" >&2; exit 1; fi; \
	apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $$missing

size_limit := 1500000
size: $(OUT)/lxcbox
	@size=$$(stat -c %s $(OUT)/lxcbox); \
	echo "$(OUT)/lxcbox: $$size bytes, $$((size / 1000)) KB (at most $$(($(size_limit) / 1000)) KB)"; \
	awk 'function number(hex,  i, n) { \
			for (i = 3; i <= length(hex); i++) n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1; \
			return n } \
		/^Linker script and memory map/ { on = 1 } !on || /^ \.(debug|comment|bss)/ { next } \
		/^ [.a-z]/ || pending { if (NF == 1) { pending = 1; next } pending = 0; \
			if ($$(NF-1) !~ /^0x/ || $$(NF-2) ~ /^0x0+$$/) next; \
			name = $$NF; sub(/^$(subst /,\/,$(OUT))\/obj\//, "", name); sub(/\([^)]*\)$$/, "", name); \
			if (name ~ /\.a$$/) sub(/^.*\//, "", name); \
			else if (name ~ /^applets\//) name = "applets"; \
			else if (name ~ /^(core|net|fetch)\//) sub(/\/[^\/]*$$/, "", name); \
			else if (name ~ /roots\.o$$/) name = "certificate authorities"; \
			else name = "relocations, linker, startup"; \
			sum[name] += number($$(NF-1)) } \
		END { for (name in sum) printf "%8d  %s\n", sum[name], name }' $(OUT)/lxcbox.map | sort -rn; \
	[ $$size -le $(size_limit) ]

# One executable for every machine, each of which was run once. Its name says which: lxcbox-VERSION-aarch64.
.PHONY: dist try
own := $(firstword $(subst -, ,$(TRIPLET)))
dist: $(targets:%=dist-%) dist-$(own)
	@cd build/dist && sha256sum $(^:dist-%=lxcbox-$(VERSION)-%) > SHA256SUMS && \
		while read -r sum file; do echo "$$sum $$(stat -c %s $$file) bytes $$file"; done < SHA256SUMS
	@echo 'build/dist holds these, and SHA256SUMS'

dist-%:
	@+$(MAKE) --no-print-directory $(if $(filter $*,$(targets)),TARGET=$*) \
		$(if $(filter $*,$(targets)),build/$*/lxcbox,build/lxcbox)
	@install -D -m 755 $(if $(filter $*,$(targets)),build/$*/lxcbox,build/lxcbox) build/dist/lxcbox-$(VERSION)-$*
	@+$(MAKE) --no-print-directory $(if $(filter $*,$(targets)),TARGET=$*) try TRY=build/dist/lxcbox-$(VERSION)-$*

# Run what was built: the version, and a command of LXC's by its name.
try:
	@emulator=$(if $(TARGET),$(EMULATOR)); \
	if [ -n "$$emulator" ] && ! command -v $$emulator > /dev/null; then \
		echo "$(TRY): not run, as there is no $$emulator (make setup TARGET=$(TARGET))"; exit 0; fi; \
	if [ "$$($$emulator $(TRY) --version)" != $(VERSION) ] || \
		[ "$$($$emulator $(TRY) lxc-config lxc.bdev.zfs.root)" != lxc ]; then \
		echo "$(TRY) does not run$${emulator:+ under $$emulator}" >&2; exit 1; fi

install: $(OUT)/lxcbox
	install -D -m 755 $(OUT)/lxcbox $(DESTDIR)$(PREFIX)/bin/lxcbox
	$(DESTDIR)$(PREFIX)/bin/lxcbox --install -s $(DESTDIR)$(PREFIX)/bin
	set -e; for page in $(man_pages); do \
		install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; done

clean:
	rm -rf $(targets:%=build/%) build/dist $(OUT)/obj build/gen build/unit build/fuzz build/test-logs \
		$(OUT)/lxcbox $(OUT)/lxcbox.debug $(OUT)/lxcbox.map

distclean: clean
	rm -rf build

include tests/tests.mk
