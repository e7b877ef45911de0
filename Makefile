# irqbed: `make run` boots it in QEMU, `make test` proves it, `make help` tells.
MAKEFLAGS += -rR --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

CROSS_COMPILE ?=
CC      := $(CROSS_COMPILE)gcc
LD      := $(CROSS_COMPILE)ld.bfd
OBJCOPY := $(CROSS_COMPILE)objcopy
READELF := $(CROSS_COMPILE)readelf
HOSTCC  ?= gcc
Q       := $(if $(V),,@)

# Lowest first: a room includes only itself and rooms to its left.
ROOMS := lib cpu console mm trace trap lockdep acpi time apic bh sched irq entry dev smp ktest

# What `make run` passes on.
SMP ?= 1
CPU ?= max
MACHINE ?= q35
TESTS ?=
TIMEOUT ?=
ROWS ?=
ARGS ?=

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
# gnu-efi moved its files between Debian releases; the first that exists wins.
EFI_LIBDIRS := $(wildcard $(addsuffix /crt0-efi-x86_64.o, \
	/usr/lib/$(shell $(CC) -print-multiarch 2>/dev/null) /usr/lib))
EFI_LIB := $(patsubst %/crt0-efi-x86_64.o,%,$(firstword $(EFI_LIBDIRS)))

SRCS := $(sort $(wildcard efi/*.c $(ROOMS:%=src/%/*.c) $(ROOMS:%=src/%/*.S) \
	src/*.c tests/*/test_*.c tests/*/pure_*.c tests/bench/*.S))
OBJS := $(SRCS:%=build/%.o)

CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fpie -fshort-wchar \
	-fvisibility=hidden -fno-omit-frame-pointer -momit-leaf-frame-pointer \
	-fno-strict-aliasing \
	-mno-red-zone -mgeneral-regs-only -fcf-protection=none \
	-fno-asynchronous-unwind-tables -fno-jump-tables -fno-common \
	-maccumulate-outgoing-args -ffile-prefix-map=$(CURDIR)/= \
	-Wall -Wextra -Wshadow -Wundef -Wvla -Wmissing-prototypes \
	-Wstrict-prototypes -Woverride-init -Wno-unused-parameter -Werror \
	-Iinclude -isystem /usr/include/efi -isystem /usr/include/efi/x86_64 \
	-DGNU_EFI_USE_MS_ABI
# The canary lies at %gs:40; efi/ and lib/ run before GS base is set.
PROTECT := -fstack-protector-strong -mstack-protector-guard=tls \
	-mstack-protector-guard-reg=gs -mstack-protector-guard-offset=40
# All but the hot paths (irq bh sched apic) for size: thousands of cases must fit.
build/efi/%.o $(patsubst %,build/src/%.o,lib/% cpu/% mm/% trace/% trap/% lockdep/% acpi/% \
	time/% dev/% smp/% ktest/%): CFLAGS += -Os
# No vector of SSE is ever on a stack: 8 bytes do for it.
$(patsubst %,build/src/%.o,irq/% bh/% sched/%): CFLAGS += -mpreferred-stack-boundary=3
build/tests/%.o: CFLAGS += -Oz
build/efi/%.o build/src/lib/%.o: PROTECT := -fno-stack-protector
# A canary is 30 bytes: in a case, only where it is what is judged.
build/tests/%.o: PROTECT += -fstack-protector-explicit
# Only the log's BEGIN line shows the version: only its object depends on it.
build/src/ktest/runner.c.o: build/version
build/src/ktest/runner.c.o: CFLAGS += -DIRQBED_VERSION='"$(VERSION)"'
# Cases run in the order they are written in, and there will be thousands.
build/tests/%.o: CFLAGS += -fno-toplevel-reorder
LDFLAGS := -nostdlib -shared -Bsymbolic -znocombreloc -znoexecstack -zdefs \
	--no-warn-rwx-segments --build-id=none --fatal-warnings

.PHONY: force all run test check coverage list-tests format clean help bench debug \
	setup mutants golden
all: build/irqbed.efi build/irqbed.debug build/irqbed.img ## Build everything

build/%.c.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(PROTECT) -MMD -MP -c $< -o $@

build/%.S.o: %.S Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

build/version: TEXT := $(VERSION)
build/objects: TEXT := $(OBJS)
build/version build/objects: force
	@mkdir -p $(@D)
	@echo '$(TEXT)' | cmp -s - $@ || echo '$(TEXT)' > $@
force:

build/irqbed.so: $(OBJS) build/objects efi/irqbed.lds
	$(Q)$(LD) $(LDFLAGS) -T efi/irqbed.lds $(EFI_LIB)/crt0-efi-x86_64.o \
		$(OBJS) -L$(EFI_LIB) -lgnuefi -o $@

build/irqbed.efi: build/irqbed.so scripts/pe-finish scripts/irqbed/pe.py
	$(Q)READELF=$(READELF) scripts/check-image $<
	$(Q)$(OBJCOPY) --strip-all -j .text -j .cases -j .rodata -j .relro -j .data \
		-j .dynamic -j .dynsym -j .rela -j .reloc --output-target=efi-app-x86_64 $< $@
	$(Q)scripts/pe-finish --pack --checksum build/checksum $@

# It says which image it is of: scripts/symbolize compares.
build/irqbed.debug: build/irqbed.so build/irqbed.efi
	$(Q)$(OBJCOPY) --only-keep-debug --add-section .irqbed.checksum=build/checksum \
		--add-section .irqbed.version=build/version $< $@

build/irqbed.img: build/irqbed.efi scripts/mkimage scripts/irqbed/image.py
	$(Q)scripts/mkimage $< $@

# Code with no hardware in it, compiled for the host too, with sanitizers.
PURE := $(wildcard src/lib/*.c src/acpi/*.c src/trap/decode*.c src/trap/ud_*.c \
	src/cpu/gate.c src/cpu/stacks.c src/trace/format.c src/dev/pci_decode.c src/ktest/compare.c \
	src/time/*math.c src/apic/*_regs.c src/apic/irte.c)
HOST_SRCS := $(PURE) $(wildcard tests/*/pure_*.c) tests/host/main.c
HOST_TOOLS := build/host/irqbed-host-tests build/host/decode-corpus
build/host/irqbed-host-tests: $(HOST_SRCS)
build/host/decode-corpus: $(wildcard tests/host/corpus*.c src/trap/ud_*.c \
		src/trap/decode_ud.c) \
	src/lib/format.c src/lib/random.c src/lib/string.c
build/host/%: $(wildcard include/*/*.h src/*/*.h tests/*/*.h) Makefile
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -fsanitize=address,undefined -fno-sanitize-recover=all -g \
		-O1 -std=gnu11 -Iinclude -Wall -Wextra -Wno-unused-parameter \
		-Werror $(filter %.c,$^) -o $@

# The tools are there, or are installed now: run and test begin here.
setup-%:
	@scripts/setup --check $* >/dev/null 2>&1 || scripts/setup $*

run: setup-run ## Boot it in QEMU: SMP= CPU= MACHINE= TESTS= TIMEOUT= ARGS=
	$(Q)$(MAKE) all
	$(Q)scripts/run-qemu --machine $(MACHINE) --cpu $(CPU) --smp $(SMP) \
		$(if $(TESTS),--tests '$(TESTS)') $(if $(ARGS),--args '$(ARGS)') \
		$(if $(TIMEOUT),--timeout $(TIMEOUT)) --log build/run.log

test: setup-test ## Every test: host, tools, the suite on every machine
	$(Q)$(MAKE) all $(HOST_TOOLS)
	$(Q)scripts/test

mutants: all ## Break irqbed a line at a time: the suite must notice each
	$(Q)scripts/mutants $(ROWS)

debug: setup-run ## Boot it and wait for gdb on port 1234
	$(Q)$(MAKE) all
	$(Q)scripts/run-qemu --gdb --machine $(MACHINE) --cpu $(CPU) --smp $(SMP)

# QEMU 10.0 dies of "Bad icount read" in x2APIC mode.
bench: all ## Instructions an interrupt costs, exact under -icount
	$(Q)scripts/run-qemu --cpu $(CPU),-x2apic --smp 4 --tests 'bench.*' -- \
		-icount shift=0,sleep=off -rtc clock=vm,base=2026-01-01 -seed 1

# The same clockwork: a log that is the same each time.
demo: all ## One interrupt, step by step: its log, trace and picture in build/
	$(Q)scripts/run-qemu --cpu $(CPU),-x2apic --tests 'demo.*' \
		--args 'trace verbose' --log build/demo.log -- \
		-icount shift=0,sleep=off -rtc clock=vm,base=2026-01-01 -seed 1
	$(Q)scripts/irqbed-trace build/demo.log --text build/demo.txt \
		--json build/demo.json --svg build/demo.svg

golden: all ## Write the reports of suite crash to tests/qemu/golden/ anew
	$(Q)tests/qemu/report.t --update

list-tests: all ## Every case and the rule it judges
	$(Q)scripts/run-qemu --args list

coverage: ## docs/coverage.md: which case judges which rule of the manuals
	$(Q)CC='$(CC)' scripts/coverage

check: setup-check ## Rooms, headers, format, static analysis, documents
	$(Q)CC='$(CC)' CFLAGS='$(CFLAGS)' scripts/check-layers $(ROOMS)
	$(Q)CC='$(CC)' scripts/check-tree

format: setup-check ## clang-format every C file in place
	$(Q)git ls-files '*.[ch]' | xargs clang-format -i

setup: setup-run setup-test setup-check ## Install every tool that is missing

clean: ## Remove build/
	$(Q)rm -rf build

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST))

-include $(OBJS:.o=.d)
