# Pointers in memory that the program mapped: private, shared, of a file; unreadable and unmapped pages hold nothing.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/leaks/_leaks.sh"

compare leak_mapping "2 900" "0 0" "0 0" "3 600"
eq "holders" "mapping mapping mapping" "$(value '[.holders.list[].holder.kind] | join(" ")')"
