# The name of the trace, the summary line, -q and -v; help and version on stdout.
. "$ROOT/tests/cli/_lib.sh"
run() { # OPTION...
	status=0
	(cd "$T/in" && "$BIN/memscope-record" "$@") >"$T/out" 2>"$T/err" </dev/null || status=$?
}
mkdir "$T/in"
run "$PROGRAMS/tiny"
eq status 0 $status
files=("$T"/in/*)
eq "files with the default name" 1 ${#files[@]}
name=$(basename "${files[0]}")
case $name in
memscope.tiny.[0-9]*.ms) ;;
*) wrong "default name: $name" ;;
esac
report "${files[0]}"
eq "pid in the name" "$(value .trace.pid)" "$(echo "$name" | cut -d. -f3)"
has "$T/err" "^memscope-record: $name: [0-9]+ events, peak [0-9.]+ K?i?B, [0-9.]+ KiB, [0-9.]+ bytes/event, 0 lost$"
eq "lines without -v" 1 "$(wc -l <"$T/err")"
rm "$T"/in/*

before=$(date +%s)
run -q -o "%e_%h_%t_%%.trace" "$PROGRAMS/tiny"
eq "lines with -q" 0 "$(wc -l <"$T/err")"
name=$(ls "$T/in")
case $name in
"tiny_$(uname -n)_"*"_%.trace") ;;
*) wrong "name from a pattern: $name" ;;
esac
stamp=${name%_%.trace}
stamp=${stamp##*_}
ge "time in the name" "$before" "$stamp"
le "time in the name" "$(date +%s)" "$stamp"
rm "$T"/in/*

run -v -o x.ms "$PROGRAMS/tiny"
ge "lines with -v" 5 "$(wc -l <"$T/err")"
eq "lines that are ours" "$(wc -l <"$T/err")" "$(grep -c '^memscope-record: ' "$T/err")"
has "$T/err" "recorder: [0-9.]+ s of CPU"

echo "# what it was told stands in the trace"
run -o x.ms --level 9 --stack-depth=40 -- "$PROGRAMS/tiny" a "b c"
report "$T/in/x.ms"
eq command "[\"$PROGRAMS/tiny\",\"a\",\"b c\"]" "$(value '.trace.command | tojson')"
eq executable "$(realpath "$PROGRAMS/tiny")" "$(value .trace.executable)"

for option in --help -h --version -V; do
	run $option
	eq "$option: status" 0 $status
	eq "$option: stderr" 0 "$(wc -c <"$T/err")"
	has "$T/out" "memscope-record"
done
