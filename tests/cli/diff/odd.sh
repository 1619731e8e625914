# Comparisons that make little sense, or of damaged traces: they say so, and never fail on it.
. "$ROOT/tests/cli/_lib.sh"

D=$BIN/memscope-diff
TRACE=$T/a.ms record "$PROGRAMS/churn" 20000 30
TRACE=$T/again.ms record "$PROGRAMS/churn" 20000 30
TRACE=$T/other.ms record "$PROGRAMS/realloc_forms"
run() { # EXPECTED-STATUS ARGUMENT...
	local want=$1 got=0
	shift
	"$D" "$@" >"$T/out" 2>"$T/err" || got=$?
	eq "status of memscope-diff $*" "$want" "$got"
}
fact() { jq -r "$1" "$T/d.json"; }

# The same trace twice, as itself and as a copy under another name.
cp "$T/a.ms" "$T/copy.ms"
for other in a copy; do
	run 0 --json="$T/d.json" --text="$T/d.txt" --markdown="$T/d.md" "$T/a.ms" "$T/$other.ms"
	eq "changes" "0 true false" "$(fact '"\(.call_paths.changed) \(.same_recording) \(.programs_differ)"')"
	has "$T/d.txt" '^DIFFERENCES  none: no call path changed$'
	has "$T/d.txt" '^  ! both sides are the same recording$'
	has "$T/d.md" '^> both sides are the same recording$'
	cp "$T/d.json" "$T/same-$other.json"
done
# Another run of the same program is another recording.
run 0 --json="$T/d.json" --text="$T/d.txt" "$T/a.ms" "$T/again.ms"
eq "another run" "false false" "$(fact '"\(.same_recording) \(.programs_differ)"')"
has_not "$T/d.txt" 'same recording|different names'
# in another folder under the same name, too
mkdir "$T/build2"
cp "$PROGRAMS/churn" "$T/build2/churn"
TRACE=$T/moved.ms record "$T/build2/churn" 20000 30
run 0 --json="$T/d.json" --text="$T/d.txt" "$T/a.ms" "$T/moved.ms"
eq "another folder" false "$(fact .programs_differ)"

# Different programs.
run 0 --json="$T/d.json" --text="$T/d.txt" --markdown="$T/d.md" "$T/a.ms" "$T/other.ms"
eq "programs differ" true "$(fact .programs_differ)"
has "$T/d.txt" '^  ! the executables of the two sides have different names'
has "$T/d.md" '^> the executables of the two sides have different names$'
cp "$T/d.json" "$T/programs.json"

# A trace that is one moment of another: everything alive, nothing else; and one that holds nothing at all.
run 0 --at=peak --vs=peak --json="$T/moment.json" --text="$T/d.txt" "$T/a.ms"
has "$T/d.txt" '^old  .*, as of '
has "$T/d.txt" '^  ! both sides are the same recording$'
run 0 --at=start --vs=peak --json="$T/start.json" "$T/a.ms"
eq "allocations at the start" 0 "$(jq '.totals[] | select(.name == "allocations") | .old.median' "$T/start.json")"

# Traces of other versions of the format, some of a few events: each against each.
for old in "$ROOT"/tests/golden/v*/*.ms; do
	for new in "$ROOT"/tests/golden/v*/*.ms; do
		run 0 --json="$T/golden.json" --text="$T/d.txt" --markdown="$T/d.md" "$old" "$new"
		# one that does not know when it began is not taken for another
		same=false
		[ "$old" != "$new" ] || same=$(jq '.old.runs[0].start_time_unix_ns > 0' "$T/golden.json")
		eq "same recording: $old and $new" "$same" "$(jq .same_recording "$T/golden.json")"
		[ "$old" != "$new" ] || eq "changes of $old" 0 "$(jq .call_paths.changed "$T/golden.json")"
		[ "$(jq .call_paths.changed "$T/golden.json")" -eq 0 ] || has "$T/d.txt" '^CALL PATHS '
	done
done

# Cut: what is before counts, and the comparison says that it is not complete.
size=$(stat -c %s "$T/a.ms")
head -c $((size * 2 / 3)) "$T/a.ms" >"$T/cut.ms"
run 0 --json="$T/cut.json" --text="$T/d.txt" --markdown="$T/d.md" "$T/a.ms" "$T/cut.ms"
has "$T/d.txt" '^     ! not complete: '
has "$T/d.md" '> the new trace .* is not complete'
eq "complete" "true false" "$(jq -r '"\(.old.runs[0].complete) \(.new.runs[0].complete)"' "$T/cut.json")"
run 0 "$T/cut.ms" "$T/cut.ms"
# Changed in its middle: it cannot be believed, and what and where is said.
cp "$T/a.ms" "$T/flipped.ms"
printf '\377\377\377\377' | dd of="$T/flipped.ms" bs=1 seek=$((size / 2)) conv=notrunc status=none
run 3 "$T/a.ms" "$T/flipped.ms"
has "$T/err" '^memscope-diff: .*/flipped\.ms: .*checksum \(offset [0-9]+\)$'
eq "standard output" "" "$(cat "$T/out")"
# Not a trace at all, or not even its header.
head -c 10 "$T/a.ms" >"$T/stub.ms"
: >"$T/empty.ms"
head -c 4096 /dev/zero >"$T/zero.ms"
for bad in stub empty zero; do
	run 3 "$T/a.ms" "$T/$bad.ms"
	has "$T/err" "^memscope-diff: .*/$bad\.ms: .+"
	eq "lines about $bad" 1 "$(wc -l <"$T/err")"
	eq "standard output" "" "$(cat "$T/out")"
	run 3 "$T/$bad.ms" "$T/a.ms"
done
run 3 "$T/a.ms" "$T"
run 3 --window=0%:50% "$T/zero.ms" "$T/a.ms"
/usr/bin/python3 "$ROOT/tests/cli/analyze/_validate.py" "$ROOT/schemas/diff.schema.json" "$T"/*.json || wrong "a comparison does not follow the schema"
