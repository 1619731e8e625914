# Damaged and foreign files: what dump and info say about each, word for word, with the offset; statuses 0 (read in part, with a
# warning) and 3 (not readable).
. "$ROOT/tests/cli/_lib.sh"
cd "$ROOT/tests/golden-errors"
for f in *.ms; do
	for command in dump info; do
		status=0
		"$BIN/memscope-trace" $command "$f" 2>"$T/stderr" >"$T/stdout" || status=$?
		echo "$f $command $status $(sed "s/^memscope-trace $command: //" "$T/stderr")"
		[ "$status" != 3 ] || [ "$command" = dump ] || [ ! -s "$T/stdout" ] || wrong "$f: $command prints a result and fails"
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
