# Damaged and foreign files: what dump, info, check and repair say about each, word for word, with the offset; statuses 0 (read in part, with a
# warning) and 3 (not readable).
. "$ROOT/tests/cli/_lib.sh"
cd "$ROOT/tests/golden-errors"
for f in *.ms; do
	for command in dump info check repair; do
		status=0
		"$BIN/memscope-trace" $command "$f" $([ $command != repair ] || echo "-o $T/repaired.ms") 2>"$T/stderr" >"$T/stdout" || status=$?
		echo "$f $command $status $(sed "s/^memscope-trace $command: //; s|$T/||" "$T/stderr")"
		[ "$status" != 3 ] || [ "$command" = dump ] || [ ! -s "$T/stdout" ] || wrong "$f: $command prints a result and fails" >&2
		if [ $command = repair ] && [ $status = 0 ]; then
			"$BIN/memscope-trace" check "$T/repaired.ms" 2>&1 || echo "$f: repaired, and still bad"
		fi
	done
done >"$T/said"
diff -u "$ROOT/tests/cli/trace/expected/errors" "$T/said" || wrong "messages changed"
ge "damaged files" 20 "$(ls | wc -l)"

echo "# what is no file"
for what in "$T" /dev/null "$T/missing"; do
	status=0
	"$BIN/memscope-trace" info "$what" >"$T/out" 2>"$T/err" || status=$?
	eq "status for $what" 3 $status
	has "$T/err" "^memscope-trace info: cannot (open|read) $what: "
done
