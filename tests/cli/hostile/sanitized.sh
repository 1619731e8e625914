# A program built with AddressSanitizer runs; one line says why it is not traced.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/sanitized"
eq status 25 $status
eq "what it said" "sanitized ran" "$(cat "$T/out")"
has "$T/err" "^memscope-record: .*sanitizer"
eq "lines about it" 1 "$(grep -c . "$T/err")"
