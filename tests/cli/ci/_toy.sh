# A copy of the toy project, and regressions for it. Source it after _lib.sh; memscope-ci is on PATH then, with the tools.
TOY=$ROOT/tests/cli/ci/toy
PATH=$BIN:$PATH
unset MEMSCOPE_CI_ROOT MAKEFLAGS MAKELEVEL MFLAGS CC CXX CFLAGS CXXFLAGS

# toy FOLDER: a fresh copy, built
toy() {
	mkdir -p "$1"
	cp -r "$TOY/." "$1"
	make -s -C "$1" >"$T/make" 2>&1 || give_up "the toy does not build: $(cat "$T/make")"
}

# edit FILE SED-SCRIPT: changes the file, or the test gives up
edit() {
	cp "$1" "$T/before"
	sed -i "$2" "$1"
	! cmp -s "$1" "$T/before" || give_up "nothing changed in $1 by $2"
}

# regress KIND: in the toy where we are
regress() {
	case $1 in
	extra) edit src/records.c 's|^\tif (!strchr(line.*|\tchar *twice = strdup(line); __asm__ volatile("" : : "r"(twice) : "memory"); free(twice);\n&|' ;;
	leak) edit src/records.c '/strchr(line, .=.)) {/,/}/s|free(name);|name = NULL;|' ;;
	overflow) edit src/records.c 's|malloc(length + 1)|malloc(length)|' ;;
	crash) edit tests/test_errors.c 's|^\tint wrong = 0;|&\n\t__builtin_trap();|' ;;
	esac
	make -s >"$T/make" 2>&1 || give_up "the toy does not build with $1: $(cat "$T/make")"
}

# ci ARGUMENT...: memscope-ci; sets status, its output is $T/ci.out and $T/ci.err
ci() {
	status=0
	timeout -k 5 120 memscope-ci "$@" >"$T/ci.out" 2>"$T/ci.err" </dev/null || status=$?
}

# job: records the suite anew and checks it
job() {
	rm -rf memscope-ci
	ci run make check
	run_status=$status
	ci check
}
# line_of FILE PATTERN: the number of the first line that matches
line_of() { grep -nE -m1 -- "$2" "$1" | cut -d: -f1; }
# places RULE: file and line of the results of this rule in what is uploaded
places() {
	jq -r --arg r "memscope/$1" '.runs[0].results[] | select(.ruleId == $r).locations[0].physicalLocation |
		"\(.artifactLocation.uri):\(.region.startLine)"' memscope-ci/memscope.sarif | sort -u | tr '\n' ' '
}
