# The tests' part of the Makefile. Each kind prints its results as lines "ok NAME", "not ok NAME", "skip NAME: why",
# which tests/run counts.
unit_names := $(basename $(notdir $(wildcard tests/unit/*.c)))
fuzz_names := $(basename $(notdir $(wildcard tests/fuzz/*.c)))
FUZZ_SECONDS = 600
host_libraries := -larchive -llzma -lzstd -lz -lbearssl -lyajl

# $(call unit_variant,NAME,COMPILER,FLAGS): the modules as an archive built for the host, and a program for each file.
define unit_variant
build/unit/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$(Q)$(2) -std=gnu11 -D_GNU_SOURCE -DLXCBOX_VERSION='"$(VERSION)"' -I. -Ibuild/gen -g -O1 \
		$(warnings) -Werror $(3) -MMD -MP -c -o $$@ $$<
build/unit/$(1)/%.o: %.S
	@mkdir -p $$(@D)
	$(Q)$(2) -c -o $$@ $$<
build/unit/$(1)/modules.a: $(module_sources:%.c=build/unit/$(1)/%.o) build/unit/$(1)/build/gen/roots.o
	$(Q)rm -f $$@ && $(AR) rcs $$@ $$^
build/unit/$(1)/%: build/unit/$(1)/tests/unit/%.o build/unit/$(1)/modules.a
	$(Q)$(2) $(3) -o $$@ $$^ $(host_libraries) -lcmocka -lpthread
build/unit/$(1)/core/config/includes.o: $(embedded)
# (The sanitizers bring their own.)
build/unit/$(1)/memcpy: $(if $(3),,build/unit/$(1)/core/base/override/memcpy_x86_64.o)
build/unit/$(1)/tests/unit/seccomp.o: build/gen/calls.h
unit_programs += $(unit_names:%=build/unit/$(1)/%)
-include $(sort $(applet_sources:%.c=build/unit/$(1)/%.d) $(module_sources:%.c=build/unit/$(1)/%.d))
-include $(unit_names:%=build/unit/$(1)/tests/unit/%.d) build/unit/$(1)/tests/system/spawn.d
endef

# For the test of our table of system calls: {"ABI", "NAME", NUMBER}, as the kernel's headers have them. On x86_64 the
# headers of its other ABIs are the same files.
calls_of = echo '\#include <asm/unistd.h>' | $(DEPS_CC) -I$(KERNEL_HEADERS) -I$(dir $(KERNEL_ASM)) $(2) -dM -E - | \
	sed -nE 's/^.define (__NR_|__ARM_NR_)([a-z_0-9]+) .*/{"$(1)", "\2", \1\2},/p' | \
	grep -vE 'NR_(arch_specific_syscall|syscalls|cmpxchg|unused[0-9]+|reserved[0-9]+)' | \
	(echo '\#include <asm/unistd.h>'; cat) | $(DEPS_CC) -I$(KERNEL_HEADERS) -I$(dir $(KERNEL_ASM)) $(2) -E -P - >> $@
$(OUT)/gen/calls.h: tests/tests.mk
	@mkdir -p $(@D)
	@rm -f $@
	@$(call calls_of,)
ifeq ($(TRIPLET),x86_64-linux-gnu)
	@$(call calls_of,x86,-m32)
	@$(call calls_of,x32,-mx32)
endif

# A program of the system tests that is made of the modules.
build/unit/gcc/tests/system/spawn: build/unit/gcc/tests/system/spawn.o build/unit/gcc/modules.a
	$(Q)gcc -o $@ $^ $(host_libraries) -lpthread

sanitizers := -fsanitize=address,undefined -fno-sanitize-recover=undefined
unit_programs :=
$(eval $(call unit_variant,gcc,gcc,))
$(eval $(call unit_variant,clang,clang,))
$(eval $(call unit_variant,gcc-san,gcc,$(sanitizers)))
$(eval $(call unit_variant,clang-san,clang,$(sanitizers)))

.SECONDARY:
ifeq ($(TARGET),)
unit: $(unit_programs)
	tests/run unit
else
# Of another machine: statically with musl, as the executable is, and run by an emulator.
unit: $(unit_names:%=$(OUT)/unit/%)
	tests/run cross $(TARGET) $(EMULATOR)
$(OUT)/unit/%: $(OUT)/obj/tests/unit/%.o $(core_objects)
	@mkdir -p $(@D)
	$(Q)$(subst $(OUT)/lxcbox.map,$@.map,$(link)) -o $@ $(DEPS)/lib/rcrt1.o $(DEPS)/lib/crti.o $^ -L$(DEPS)/lib \
		-Wl,--start-group $(libraries) -lcmocka -lc $(shell $(DEPS_CC) -print-libgcc-file-name) -Wl,--end-group \
		$(DEPS)/lib/crtn.o
$(unit_names:%=$(OUT)/obj/tests/unit/%.o): private CFLAGS += -D_UINTPTR_T -I$(OUT)/gen -Ibuild/gen
$(OUT)/obj/tests/unit/seccomp.o: $(OUT)/gen/calls.h
$(unit_names:%=$(OUT)/obj/tests/unit/%.o): $(stamp_cmocka)
-include $(unit_names:%=$(OUT)/obj/tests/unit/%.d)
endif

# The modules once for all fuzz targets, with the fuzzer's instrumentation.
fuzz_common := -std=gnu11 -D_GNU_SOURCE -DLXCBOX_VERSION='"$(VERSION)"' -I. -Ibuild/gen -g -O1
fuzz_flags := $(fuzz_common) -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
build/fuzz/modules/%.o: %.c
	@mkdir -p $(@D)
	$(Q)clang $(fuzz_flags) -MMD -MP -c -o $@ $<
build/fuzz/modules.a: $(module_sources:%.c=build/fuzz/modules/%.o) build/fuzz/modules/build/gen/roots.o
	$(Q)rm -f $@ && $(AR) rcs $@ $^
build/fuzz/%: build/fuzz/modules/tests/fuzz/%.o build/fuzz/modules.a
	$(Q)clang -fsanitize=fuzzer,address,undefined -o $@ $^ $(host_libraries) -lpthread
build/fuzz/modules/core/config/includes.o: $(embedded)
-include $(module_sources:%.c=build/fuzz/modules/%.d) $(fuzz_names:%=build/fuzz/modules/tests/fuzz/%.d)

fuzz-smoke: $(fuzz_names:%=build/fuzz/%)
	tests/run fuzz 3

fuzz: $(fuzz_names:%=build/fuzz/%)
	tests/run fuzz $(FUZZ_SECONDS)

# Which lines of the modules the corpus of each target reaches, by clang's source coverage. Every program has all
# modules, also what no target calls: the profiles of all targets are read by the mapping of one.
coverage_flags := -fprofile-instr-generate -fcoverage-mapping
build/coverage/%.o: %.c
	@mkdir -p $(@D)
	$(Q)clang $(fuzz_common) -fsanitize=fuzzer-no-link $(coverage_flags) -MMD -MP -c -o $@ $<
build/coverage/modules.a: $(module_sources:%.c=build/coverage/%.o) build/coverage/build/gen/roots.o
	$(Q)rm -f $@ && $(AR) rcs $@ $^
build/coverage/bin/%: build/coverage/tests/fuzz/%.o build/coverage/modules.a
	@mkdir -p $(@D)
	$(Q)clang -fsanitize=fuzzer $(coverage_flags) -o $@ $< -Wl,--whole-archive build/coverage/modules.a \
		-Wl,--no-whole-archive $(host_libraries) -lpthread
build/coverage/core/config/includes.o: $(embedded)
-include $(module_sources:%.c=build/coverage/%.d) $(fuzz_names:%=build/coverage/tests/fuzz/%.d)

.PHONY: fuzz-coverage
fuzz-coverage: $(fuzz_names:%=build/coverage/bin/%)
	tests/coverage.sh $(fuzz_names)

# The executable with checks for undefined behaviour, each of which ends the process (SIGILL) without a library; and the
# tests of attacks with it. Both compilers know the option.
.PHONY: ubsan
ubsan_flags := -O1 -fsanitize=undefined -fsanitize-undefined-trap-on-error
ubsan:
	+@$(MAKE) --no-print-directory OUT=build/ubsan CFLAGS="$(ubsan_flags)" build/ubsan/lxcbox
	LXCBOX=$(CURDIR)/build/ubsan/lxcbox tests/run attacks

system: build/lxcbox
	tests/run system interop

# Virtual machines of the kind that TARGET is, else of this one's. (Packages: qemu-system-arm for aarch64 and armhf,
# qemu-system-misc for riscv64 and s390x, qemu-system-x86 for i386.)
.PHONY: boot
boot: $(OUT)/lxcbox
	+$(if $(TARGET),$(MAKE) TARGET= build/lxcbox)
	TARGET=$(TARGET) TEST_TIMEOUT=3600 tests/run boot

# The attacks with checks of undefined behaviour; long life, load, losses of power, every fault of tests/faults, in
# hours.
soak: build/lxcbox
	+@$(MAKE) --no-print-directory ubsan
	tests/soak/run cycles 10000
	tests/soak/run load 300 120
	LEASE_HOURS=240 bash tests/boot/lease-days.sh
	tests/faults/power all
	tests/faults/run all

check: setup
	+tests/run check

# Every machine that there is a cross compiler for. Nothing of it is in `make check`: it takes half an hour and more.
cross-check:
	@for machine in $(targets); do $(MAKE) --no-print-directory TARGET=$$machine setup || exit; done
	+tests/cross.sh $(targets)

demo: setup
	$(MAKE) build/lxcbox
	tests/demo.sh

bench: build/lxcbox
	tests/bench/run
	tests/bench/network.sh
	tests/bench/oci.sh

# Versions of clang-format differ in details: the tree is formatted by that of Debian 12. `make check` includes this.
FORMAT_VERSION = 14
.PHONY: format-check
format-check:
	@version=$$(clang-format --version | sed -E 's/.*version ([0-9]+).*/\1/'); \
	if [ "$$version" = $(FORMAT_VERSION) ]; then \
		find applets core fetch net tests -name '*.[ch]' -exec clang-format --dry-run -Werror {} + && \
			echo 'ok every file is formatted'; \
	else echo "skip every file is formatted: this is clang-format $$version, not $(FORMAT_VERSION)"; fi

# What `make check` needs built, so that a failure to build is one failed test.
.PHONY: tested-build
tested-build: build/lxcbox $(unit_programs) build/unit/gcc/tests/system/spawn $(fuzz_names:%=build/fuzz/%) \
		$(addprefix build/unit/clang/,$(applet_sources:.c=.o)) $(addprefix build/unit/gcc/,$(applet_sources:.c=.o))
	@echo 'ok everything builds with gcc and with clang without a warning'
