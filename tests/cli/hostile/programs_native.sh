# The programs do what their counts say: the referee counts them without a recorder.
. "$ROOT/tests/cli/_lib.sh"
one() { # PROGRAM ARGUMENTS...
	rm -f "$T/count"
	(LD_PRELOAD=$PROGRAMS/count_preload.so COUNT_FILE=$T/count COUNT_EXE=$1 timeout 60 "$PROGRAMS/$1" "${@:2}") >"$T/out" 2>"$T/err" </dev/null || true
	local said counted
	said=$(sed -n 's/^exe //p' "$T/out")
	counted=$(od -An -v -t u8 -w72 "$T/count" | awk '{ print $6, $7 }')
	[ -n "$said" ] || wrong "$* said nothing: $(cat "$T/err")"
	eq "$*: allocations and frees" "$said" "$counted"
}
one realloc_forms
one ctor_early
one tls_destructors
one at_exit
one at_exit quick
one signal_handler
one signal_reentry
one signal_maps
one cancel
one short_threads 1000 1000
one children
one close_fds loop "$T/file"
for how in return kill segv; do one end_how $how 4 1000; done
one fork_storm 50
one realloc_race 20000
touch "$T/go"
one steps "$T" 1000 2000
one churn 20000 10
one deep 2000
one coroutines
one limits
