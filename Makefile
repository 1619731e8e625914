# memscope: the only build file. `make help` lists the targets.
#
# Variants live side by side: build/<variant>/ holds objects, generated code and tests; the release variant also puts the
# tools into build/bin and the libraries into build/lib. V=1 shows the commands.

VARIANT ?= release
CC      ?= gcc
CXX     ?= g++
PREFIX  ?= /usr/local
DESTDIR ?=
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
JOBS    ?= $(shell nproc)
MAKEFLAGS += --no-builtin-rules

VERSION := $(shell sed -n 's/^\#define MS_VERSION "\(.*\)"/\1/p' format/version.h)

B    := build/$(VARIANT)
GEN  := $(B)/gen
ifeq ($(VARIANT),release)
BIN  := build/bin
LIB  := build/lib
else
BIN  := $(B)/bin
LIB  := $(B)/lib
endif

SAN_release  :=
SAN_asan     := -fsanitize=address -fno-omit-frame-pointer
SAN_ubsan    := -fsanitize=undefined -fno-sanitize-recover=all
SAN_tsan     := -fsanitize=thread
SAN_coverage := --coverage
OPT_release  := -O2 -DNDEBUG
OPT_asan     := -O1
OPT_ubsan    := -O1
OPT_tsan     := -O1
OPT_coverage := -O0
SAN := $(SAN_$(VARIANT))
OPT := $(OPT_$(VARIANT))

WARN := -Wall -Wextra -Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings \
        -Wvla -Wformat=2 -Wcast-align
WERROR := $(if $(CI),-Werror)

BASE_CFLAGS := -std=gnu11 -g -I. -I$(GEN) -D_GNU_SOURCE -MMD -MP $(WARN) $(WERROR)
LIB_CFLAGS  := $(BASE_CFLAGS) $(OPT) $(SAN) -fPIC -fvisibility=hidden $(CFLAGS)
# The library inside the app: never sanitized, frame pointer kept (a hook finds its caller's frame through it),
# initial-exec TLS (a dynamic model would allocate), nothing exported but the list in interpose.c.
PRELOAD_CFLAGS := $(BASE_CFLAGS) -O2 -DNDEBUG -fPIC -fvisibility=hidden -ftls-model=initial-exec \
        -fno-omit-frame-pointer -fno-stack-protector -fno-exceptions -fasynchronous-unwind-tables -fno-builtin-malloc $(CFLAGS)

FORMAT_LIBS := -lzstd -lxxhash -ldw -lelf -liberty
TOOL_LIBS   := $(FORMAT_LIBS) -lz -ljansson -lsqlite3 -lm -lpthread

# ---- sources: wildcards per folder; what is a main of its own is taken out -------------------------------------------
FORMAT_SRC  := $(filter-out format/fbgen.c,$(wildcard format/*.c))
ANALYZE_SRC := $(wildcard analyze/*.c analyze/*/*.c)
RENDER_SRC  := $(wildcard render/*.c render/export/*.c render/plot/*.c)
TOOL_SRC    := $(wildcard render/tools/memscope-*.c)
TOOL_COMMON := $(filter-out $(TOOL_SRC),$(wildcard render/tools/*.c))
RECORD_SRC  := $(filter-out record/main.c,$(wildcard record/*.c))
PRELOAD_SRC := $(wildcard record/preload/*.c)
GUARD_SRC   := $(wildcard record/preload/guard/*.c)
LATE_SRC    := $(wildcard record/preload/late/*.c)
INSIDE_SRC  := $(wildcard record/inside/*.c)
UNIT_SRC    := $(wildcard tests/unit/test_*.c)
UNIT_COMMON := $(filter-out $(UNIT_SRC),$(wildcard tests/unit/*.c))
PROGRAM_SRC := $(wildcard tests/programs/*.c tests/programs/zoo/*.c)
PROGRAM_CXX := $(wildcard tests/programs/*.cpp tests/programs/zoo/*.cpp)
PROGRAM_LIBS := $(wildcard tests/programs/lib/*.c)
FUZZ_SRC    := $(wildcard tests/fuzz/fuzz_*.c)
BENCH_LINKED := $(wildcard bench/make_*.c)
TOOLS_OF_TESTS := $(patsubst tests/tools/%.c,$(B)/test-tools/%,$(wildcard tests/tools/*.c))
BENCH_SRC   := $(filter-out $(BENCH_LINKED) bench/nop_preload.c,$(wildcard bench/*.c))

comma := ,
obj = $(patsubst %.c,$(B)/obj/%.o,$(1))

TOOLS    := $(patsubst render/tools/%.c,$(BIN)/%,$(TOOL_SRC)) $(if $(wildcard record/main.c),$(BIN)/memscope-record) $(BIN)/memscope-ci
UNITS    := $(patsubst tests/unit/%.c,$(B)/unit/%,$(UNIT_SRC))
FUZZERS  := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(FUZZ_SRC))
PROGRAMS := $(patsubst tests/programs/%.c,$(B)/programs/%,$(PROGRAM_SRC)) \
            $(patsubst tests/programs/%.cpp,$(B)/programs/%,$(PROGRAM_CXX))
PROGRAM_SOS := $(patsubst tests/programs/lib/%.c,$(B)/programs/lib%.so,$(PROGRAM_LIBS)) \
               $(patsubst tests/programs/count/%.c,$(B)/programs/%.so,$(wildcard tests/programs/count/*.c))
BENCHES  := $(patsubst bench/%.c,$(B)/bench/%,$(BENCH_SRC) $(BENCH_LINKED)) $(B)/bench/nop_preload.so $(B)/bench/count_preload.so
GENERATED := $(GEN)/trace_fb.h

.PHONY: all
.DEFAULT_GOAL := all
## all: build the tools (build/bin) and the libraries (build/lib)
all: $(TOOLS) $(LIB)/libmemscope.a $(LIB)/libmemscope.so $(LIB)/libmemscope-preload.so $(if $(GUARD_SRC),$(LIB)/libmemscope-guard.so) \
     $(LIB)/libmemscope-attach.so

# ---- generated code ---------------------------------------------------------------------------------------------------
$(GEN)/trace.bfbs: schemas/trace.fbs
	@mkdir -p $(@D)
	@echo "  FLATC   $<"
	$(Q)flatc -b --schema -o $(@D) $<

$(B)/fbgen: format/fbgen.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(BASE_CFLAGS) -O1 -o $@ $<

$(GENERATED): $(GEN)/trace.bfbs $(B)/fbgen
	@echo "  FBGEN   $@"
	$(Q)$(B)/fbgen $< > $@.tmp && mv $@.tmp $@

# ---- objects ----------------------------------------------------------------------------------------------------------
$(B)/obj/record/preload/%.o: record/preload/%.c
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(PRELOAD_CFLAGS) -c -o $@ $<

# The same sources again, as a plain (sanitizable) library for the unit tests: everything but the exported symbols.
$(B)/obj-hooks/%.o: record/preload/%.c
	@mkdir -p $(@D)
	@echo "  CC      $< (for tests)"
	$(Q)$(CC) $(LIB_CFLAGS) -fno-omit-frame-pointer -c -o $@ $<

$(B)/obj/tests/%.o: tests/%.c | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(LIB_CFLAGS) -UNDEBUG -c -o $@ $<

$(B)/obj/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(LIB_CFLAGS) -c -o $@ $<

# ---- the page of the HTML report: bundled once for all variants, then bytes inside the tools --------------------------
HTML      := build/html
HTML_PAGE := $(HTML)/page.html
HTML_SRC  := $(wildcard render/html/index.html render/html/style.css render/html/build.mjs render/html/src/*.js render/html/src/*/*.js)

# $(call npm_ci,folder with package.json,folder for node_modules): exactly what the lock file names; no scripts of packages are run.
npm_ci = mkdir -p $(2) && cp $(1)/package.json $(1)/package-lock.json $(1)/.npmrc $(2) && \
    { command -v npm >/dev/null || { echo "npm is missing: the HTML report is bundled with it (make deps installs it)" >&2; exit 1; }; } && \
    { (cd $(2) && npm ci --ignore-scripts) >$(2)/npm.log 2>&1 || { tail -5 $(2)/npm.log >&2; \
      echo "npm ci failed: the packages of $(1)/package-lock.json could not be fetched (is there a network?); all of it: $(2)/npm.log" >&2; exit 1; }; }

$(HTML)/node_modules/.ready: render/html/package-lock.json render/html/package.json render/html/.npmrc
	@echo "  NPM     render/html"
	$(Q)$(call npm_ci,render/html,$(HTML))
	$(Q)touch $@

# playwright-core, which drives the browser of the tests.
BROWSER := build/browser
$(BROWSER)/node_modules/.ready: tests/browser/package-lock.json tests/browser/package.json tests/browser/.npmrc
	@echo "  NPM     tests/browser"
	$(Q)$(call npm_ci,tests/browser,$(BROWSER))
	$(Q)touch $@

$(HTML_PAGE): $(HTML_SRC) $(HTML)/node_modules/.ready
	@echo "  BUNDLE  $@"
	$(Q)node render/html/build.mjs $(HTML)/node_modules $@.tmp && mv $@.tmp $@

$(B)/obj/render/html_page.o: $(HTML_PAGE)
$(B)/obj/render/html_page.o: LIB_CFLAGS += -DMS_HTML_PAGE='"$(HTML_PAGE)"'

# ---- libraries and tools ----------------------------------------------------------------------------------------------
LIB_OBJ := $(call obj,$(FORMAT_SRC) $(ANALYZE_SRC) $(RENDER_SRC))

$(LIB)/libmemscope.a: $(LIB_OBJ)
	@mkdir -p $(@D)
	@echo "  AR      $@"
	$(Q)rm -f $@ && ar rcs $@ $^

$(LIB)/libmemscope.so: $(LIB_OBJ)
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(SAN) -shared -Wl,-soname,libmemscope.so.0 -Wl,--exclude-libs,ALL -o $@ $^ $(TOOL_LIBS)

$(B)/librecord.a: $(call obj,$(RECORD_SRC))
	@mkdir -p $(@D)
	@echo "  AR      $@"
	$(Q)rm -f $@ && ar rcs $@ $^

HOOKS_OBJ := $(patsubst record/preload/%.c,$(B)/obj-hooks/%.o,\
    $(filter-out record/preload/interpose.c record/preload/guard/interpose_%.c,$(PRELOAD_SRC) $(GUARD_SRC)))
$(B)/libhooks.a: $(HOOKS_OBJ)
	@mkdir -p $(@D)
	@echo "  AR      $@"
	$(Q)rm -f $@ && ar rcs $@ $^

# The recorder that runs inside a program (record/inside/inside_libc.h): the collector's sources, compiled like the library, linked into one
# object in which every name of libc is renamed to ours; what nobody calls is left out. Nothing of it is visible to the program.
# Parts that are others, or none, in there (record/inside/inside_parts.c).
INSIDE_OTHERS := $(addprefix record/,trace_symbols.c symbol_helper.c app_process.c trace_output.c jit_map.c control_server.c plugin.c $(notdir $(wildcard record/sysmon*.c)))
INSIDE_LIST := $(INSIDE_SRC) $(FORMAT_SRC) $(filter-out $(INSIDE_OTHERS),$(RECORD_SRC))
INSIDE_OBJ  := $(patsubst %.c,$(B)/obj-inside/%.o,$(INSIDE_LIST))
INSIDE_ROOTS := $(addprefix ms_inside_,create open poll settle suspend resume close wants_thread forget)
INSIDE_ARCHIVES := $(shell $(CC) -print-file-name=libzstd.a) $(shell $(CC) -print-file-name=libxxhash.a)
$(B)/obj-inside/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC      $< (for inside)"
	$(Q)$(CC) $(PRELOAD_CFLAGS) -ffunction-sections -fdata-sections -c -o $@ $<

INSIDE_LIBC := $(patsubst %,$(B)/obj-inside/record/inside/inside_%.o,libc file memory)
$(B)/inside.o: $(INSIDE_OBJ) record/inside/inside_names.txt tests/check-inside
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)rm -f $@.a && ar rcs $@.a $(filter-out $(INSIDE_LIBC),$(INSIDE_OBJ))
	$(Q)ld -r --gc-sections $(addprefix -u ,$(INSIDE_ROOTS) ms_fail output_open) -e $(firstword $(INSIDE_ROOTS)) -o $@.part $@.a $(INSIDE_ARCHIVES)
	$(Q)objcopy --strip-unneeded --redefine-syms=record/inside/inside_names.txt $@.part
	$(Q)ld -r -o $@.tmp $@.part $(INSIDE_LIBC)
	$(Q)objcopy $(addprefix --keep-global-symbol=,$(INSIDE_ROOTS)) $@.tmp
	$(Q)tests/check-inside $@.tmp && mv $@.tmp $@

# Types of the calling convention, not of the headers; a loop in place of memcpy must not become a call of memcpy.
$(B)/obj/record/preload/guard/interpose_%.o: PRELOAD_CFLAGS += -fno-builtin -fno-tree-loop-distribute-patterns
# What the library calls itself although it exports it to the program (guard/interpose_early.c).
WRAPPED := memcpy memmove memset memcmp bcmp strlen strcmp strncmp memchr strchr strrchr strcspn

LINK_PRELOAD = $(CC) -shared -Wl,-z,now -Wl,-z,relro -Wl,-z,defs -Wl,--version-script=$(filter %.map,$^) -o $@ $(filter %.o,$^) -lpthread -ldl
$(LIB)/libmemscope-preload.so: $(call obj,$(PRELOAD_SRC)) $(B)/inside.o record/preload/exports.map
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(LINK_PRELOAD)

# The same and the guard: what memscope-record --guard preloads instead.
$(LIB)/libmemscope-guard.so: $(call obj,$(PRELOAD_SRC) $(GUARD_SRC)) record/preload/guard/exports.map
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(LINK_PRELOAD) $(addprefix -Wl$(comma)--wrap=,$(WRAPPED))

# The same hooks for processes that run already: what memscope-record -p loads into them. The names that it looks for in other modules are those
# that libmemscope-preload.so exports.
$(GEN)/hook_names.h: record/preload/exports.map
	@mkdir -p $(@D)
	@echo "  NAMES   $@"
	$(Q)sed -n 's/^\t\t\([A-Za-z_0-9]*\);$$/X(\1)/p' $< > $@.tmp && mv $@.tmp $@
$(call obj,$(LATE_SRC)): | $(GEN)/hook_names.h

$(LIB)/libmemscope-attach.so: $(call obj,$(PRELOAD_SRC) $(LATE_SRC)) record/preload/late/exports.map
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(LINK_PRELOAD)

$(BIN)/memscope-record: $(call obj,record/main.c) $(B)/librecord.a $(LIB)/libmemscope.a
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(SAN) -o $@ $^ $(TOOL_LIBS)

$(BIN)/memscope-%: $(B)/obj/render/tools/memscope-%.o $(call obj,$(TOOL_COMMON)) $(LIB)/libmemscope.a
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(SAN) -o $@ $^ $(TOOL_LIBS)

$(BIN)/memscope-ci: render/tools/memscope-ci format/version.h
	@mkdir -p $(@D)
	@echo "  COPY    $@"
	$(Q)sed 's|@VERSION@|$(VERSION)|' $< > $@.tmp && chmod 755 $@.tmp && mv $@.tmp $@

# ---- tests, fuzzers, traced programs, benchmarks ----------------------------------------------------------------------
UNIT_LIBS := $(if $(HOOKS_OBJ),$(B)/libhooks.a) $(if $(RECORD_SRC),$(B)/librecord.a) $(LIB)/libmemscope.a

$(B)/unit/%: $(B)/obj/tests/unit/%.o $(call obj,$(UNIT_COMMON)) $(UNIT_LIBS)
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(SAN) -rdynamic -o $@ $^ -lcmocka -lunwind $(TOOL_LIBS)

$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(B)/obj/tests/fuzz/driver.o $(LIB)/libmemscope.a
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(SAN) -o $@ $^ $(TOOL_LIBS)

$(B)/test-tools/%: $(B)/obj/tests/tools/%.o $(LIB)/libmemscope.a
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(SAN) -o $@ $^ $(TOOL_LIBS)

# Traced programs are ordinary programs: never sanitized. A first line `// flags: ...` adds compiler and linker flags.
flags_of = $(shell sed -n '1s|^// flags:||p' $(1))
$(B)/programs/lib%.so: tests/programs/lib/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) -std=gnu11 -g -O1 -fPIC -shared -D_GNU_SOURCE -o $@ $< $(call flags_of,$<)
$(B)/programs/%.so: tests/programs/count/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) -std=gnu11 -g -O2 -fPIC -shared -fno-builtin -Wall -D_GNU_SOURCE -o $@ $< -ldl
PROGRAM_LINK = -L$(B)/programs -Wl,-rpath,'$$ORIGIN' $(call flags_of,$<) -lpthread -ldl
$(B)/programs/%: tests/programs/%.c tests/programs/known.h tests/programs/leak_common.h $(PROGRAM_SOS)
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) -std=gnu11 -g -O1 -fno-builtin -Wall -D_GNU_SOURCE -o $@ $< $(PROGRAM_LINK)
$(B)/programs/%: tests/programs/%.cpp tests/programs/known.h tests/programs/leak_common.h $(PROGRAM_SOS)
	@mkdir -p $(@D)
	@echo "  CXX     $@"
	$(Q)$(CXX) -std=gnu++17 -g -O1 -Wall -D_GNU_SOURCE -o $@ $< $(PROGRAM_LINK)
$(filter $(B)/programs/zoo/%,$(PROGRAMS)): tests/programs/zoo/zoo.h
$(B)/bench/%: bench/%.c bench/micro.h
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) -std=gnu11 -g -O2 -fno-builtin -Wall -D_GNU_SOURCE -o $@ $< -lpthread
$(B)/bench/make_%: bench/make_%.c $(LIB)/libmemscope.a
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(BASE_CFLAGS) -O2 -o $@ $< $(LIB)/libmemscope.a $(TOOL_LIBS)
$(B)/bench/nop_preload.so $(B)/bench/count_preload.so: bench/nop_preload.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) -std=gnu11 -g -O2 -fno-builtin -Wall -D_GNU_SOURCE -fPIC -shared $(if $(findstring count,$@),-DCOUNT) -o $@ $<

# What reads the exports: programs and schemas from npm packages.
CONSUMERS := build/npm
$(CONSUMERS)/node_modules/.ready: tests/npm/package-lock.json tests/npm/package.json tests/npm/.npmrc
	@echo "  NPM     tests/npm"
	$(Q)$(call npm_ci,tests/npm,$(CONSUMERS))
	$(Q)chmod +x $(CONSUMERS)/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool
	$(Q)touch $@

.PHONY: tests test-only check-unit
# The sanitizer variants run the unit tests and the corpora; traced programs and benchmarks are tested as users build them.
tests: all $(UNITS) $(TOOLS_OF_TESTS) $(PROGRAMS) $(PROGRAM_SOS) $(FUZZERS) $(if $(SAN),,$(BENCHES) $(BROWSER)/node_modules/.ready $(CONSUMERS)/node_modules/.ready)

## deps: install what is missing (Debian packages); without root, name what is missing and stop
.PHONY: deps
deps:
	$(Q).ci/deps

## test: install what is missing, build, run every test; ends with one line `N passed, N failed`
.PHONY: test
test: deps
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) tests
	$(Q)VARIANT=$(VARIANT) tests/run

## test-only: run the tests without looking at packages; T=pattern selects some
test-only: tests
	$(Q)VARIANT=$(VARIANT) tests/run $(T)

## demo: install what is missing, build, record a real program (jq), print its report
.PHONY: demo
demo: deps
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all
	$(Q).ci/demo

## check: the fast checks: layers, exported symbols, generated files
.PHONY: check
check:
	$(Q)tests/check-layers

## asan / ubsan / tsan: the unit tests and fuzz corpora under a sanitizer
.PHONY: asan ubsan tsan
asan ubsan tsan:
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) VARIANT=$@ tests
	$(Q)VARIANT=$@ tests/run unit fuzz

## coverage: unit tests with gcov
.PHONY: coverage
coverage:
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) VARIANT=coverage tests
	$(Q)VARIANT=coverage tests/run unit
	$(Q)cd build/coverage && find . -name '*.gcda' -path '*obj/*' | grep -v tests | xargs -r gcov -n 2>/dev/null | \
	    awk '/^File/{f=$$2} /^Lines/{print f, $$0}' | grep -E "'(format|record|analyze|render)/" | sort

## check-all: everything CI runs: check, test, the sanitizer variants, the README commands
.PHONY: check-all
check-all: deps
	$(Q)$(MAKE) --no-print-directory check
	$(Q)$(MAKE) --no-print-directory asan
	$(Q)$(MAKE) --no-print-directory ubsan
	$(Q)$(MAKE) --no-print-directory tsan
	$(Q)$(MAKE) --no-print-directory demo
	$(Q)$(MAKE) --no-print-directory test

## screenshots: docs/screenshots anew, from a recording of tests/programs/orders.cpp; look at them before they are committed
.PHONY: screenshots
screenshots: all $(B)/programs/orders $(B)/programs/catalogue $(BROWSER)/node_modules/.ready
	$(Q)mkdir -p docs/screenshots
	$(Q)tests/browser/screenshots.sh build/bin $(B)/programs $(BROWSER)/node_modules docs/screenshots

## bench: measure recording and analysis against heaptrack; writes bench/results and docs/BENCHMARKS.md
.PHONY: bench
bench: deps all $(BENCHES)
	$(Q)bench/run && bench/report.py

## man: man pages from the option tables (build/man)
.PHONY: man
man: all
	$(Q)mkdir -p build/man && for t in $(notdir $(TOOLS)); do \
	    help2man -N --no-discard-stderr --version-option=-V --help-option=--help -o build/man/$$t.1 $(BIN)/$$t || exit 1; done
	$(Q)$(BIN)/memscope-trace --help | sed -n '/^Commands:/,/^$$/s/^  \([a-z]*\)  *\(.*\)/\1 \2/p' | while read -r c summary; do \
	    help2man -N --no-discard-stderr --version-option=-V --help-option=--help -n "$$summary" "$(BIN)/memscope-trace $$c" | \
	    sed "s/^\.TH MEMSCOPE-TRACE/.TH MEMSCOPE-TRACE-$$(echo $$c | tr a-z A-Z)/; s/^memscope-trace .-/memscope-trace-$$c \\\\-/" \
	    > build/man/memscope-trace-$$c.1 || exit 1; done

# What render/libmemscope.h needs, in the tree's own folders.
PUBLIC_HEADERS := render/libmemscope.h render/text.h render/json.h render/html.h render/why.h render/site_order.h analyze/report.h analyze/findings.h \
    analyze/system.h analyze/timeline.h analyze/phases.h analyze/address_space.h analyze/suppressions.h analyze/gate.h analyze/baseline.h analyze/companion.h analyze/moment.h analyze/snapshot.h analyze/player.h analyze/block_steps.h analyze/diff_paths.h format/cancel.h render/suppression_file.h render/export/export.h render/plot/plot.h \
    analyze/estimate.h analyze/annotations.h analyze/pauses.h format/sampling.h format/direct_allocators.h analyze/leaks.h analyze/holders.h analyze/diff.h analyze/diff/diff_gate.h render/diff_render.h analyze/query/query.h \
    analyze/query/query_blocks.h \
    format/errors.h format/events.h format/evidence.h format/trace_types.h format/trace_reader.h format/trace_index.h

## install: into $(DESTDIR)$(PREFIX)
.PHONY: install uninstall
install: all man
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/share/man/man1 \
	    $(DESTDIR)$(PREFIX)/include/memscope
	install -m 755 $(TOOLS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(LIB)/libmemscope.a $(DESTDIR)$(PREFIX)/lib
	install -m 755 $(LIB)/libmemscope.so $(DESTDIR)$(PREFIX)/lib/libmemscope.so.0
	ln -sf libmemscope.so.0 $(DESTDIR)$(PREFIX)/lib/libmemscope.so
	install -m 755 $(LIB)/libmemscope-preload.so $(LIB)/libmemscope-guard.so $(LIB)/libmemscope-attach.so $(DESTDIR)$(PREFIX)/lib
	install -m 644 build/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	for h in $(PUBLIC_HEADERS); do install -D -m 644 $$h $(DESTDIR)$(PREFIX)/include/memscope/$$h || exit 1; done
	install -m 644 record/include/memscope.h record/include/memscope_backend.h $(DESTDIR)$(PREFIX)/include
	for f in Cargo.toml README.md src/lib.rs examples/annotate_rust.rs; do \
	    install -D -m 644 record/include/rust/$$f $(DESTDIR)$(PREFIX)/include/memscope-rust/$$f || exit 1; done
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' memscope.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/memscope.pc
## uninstall: remove what install put there
uninstall:
	cd $(DESTDIR)$(PREFIX) && rm -f $(addprefix bin/,$(notdir $(TOOLS))) lib/libmemscope.a lib/libmemscope.so \
	    lib/libmemscope.so.0 lib/libmemscope-preload.so lib/libmemscope-guard.so lib/libmemscope-attach.so lib/pkgconfig/memscope.pc \
	    $(patsubst %,share/man/man1/%.1,$(notdir $(TOOLS))) share/man/man1/memscope-trace-*.1
	rm -rf $(DESTDIR)$(PREFIX)/include/memscope $(DESTDIR)$(PREFIX)/include/memscope-rust $(DESTDIR)$(PREFIX)/include/memscope.h $(DESTDIR)$(PREFIX)/include/memscope_backend.h

## format: clang-format over the C sources
.PHONY: format
format:
	$(Q)git ls-files '*.c' '*.h' | xargs clang-format -i

## clean: remove build/
.PHONY: clean help
clean:
	$(Q)rm -rf build
## help: this list
help:
	@sed -n 's/^## \([^:]*\): /  \1\t/p' Makefile | expand -t 28

-include $(shell test -d $(B) && find $(B) -name '*.d')
.SECONDARY:
.DELETE_ON_ERROR:
