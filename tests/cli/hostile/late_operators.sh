# A C program loads a C++ plugin: its operators are recorded as such, whoever calls them first.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/late_operators"
eq status 0 $status
eq "what it said" "done" "$(cat "$T/out")"
report
exited 0
whole
site_is late_string 12 0
eq "new of 600 bytes" 12 "$(events '.kind == "new" and .size_bytes == 600')"
eq "delete of these" 12 "$(events '.kind == "delete" and .size_bytes == 600')"
