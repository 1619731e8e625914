# A static executable runs; one line says why it is not traced.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/static_app"
eq status 23 $status
eq "what it said" "static app ran" "$(cat "$T/out")"
has "$T/err" "^memscope-record: .*static"
eq "lines about it" 1 "$(grep -c static "$T/err")"
