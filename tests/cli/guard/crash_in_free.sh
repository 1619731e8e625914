# A program that crashes in free() because of an overflow before: one command line (README.md) finds the overflow.
. "$ROOT/tests/cli/_lib.sh"

record "$PROGRAMS/crash_in_free"
eq "status without a guard" 134 "$status"
report
has "$T/report.txt" 'killed by SIGABRT: if the heap was damaged before, a recording with --guard=canary'
record --guard=canary "$PROGRAMS/crash_in_free"
eq "status with a guard" 0 "$status"
report
eq "findings" 2 "$(value '[.findings[] | select(.kind == "heap-overflow")] | length')"
finding() { value ".findings[] | select(.function == \"$1\") | $2"; }
eq "where" copy "$(finding strcpy '.stacks.error[0].function')"
eq "block" copy "$(finding strcpy '.stacks.allocation[0].function')"
eq "access" write "$(finding strcpy .access)"
eq "certainty" certain "$(finding strcpy .certainty)"
eq "size" 26 "$(finding strcpy .block.size)"
eq "where" hide "$(finding memset '.stacks.error[0].function')"
eq "damage" true "$(finding memset .confirmed)"
eq "bytes" 78 "$(finding memset '.bytes.found[0:2]')"
has "$T/report.txt" 'strcpy: write of 1 byte just past the end of a 26-byte block'
has "$T/report.txt" 'memset: write of 22 bytes just past the end of a 26-byte block'

# The very command line of README.md, run where the program stands, with the tools in PATH.
line=$(grep -E '^ *memscope-record .*\./crash_in_free && memscope-analyze' "$ROOT/README.md") || give_up "README.md has no such line"
cp "$PROGRAMS/crash_in_free" "$T"
PATH=$BIN:$PATH bash -c "$line" >"$T/shown" 2>"$T/err" </dev/null || wrong "$line: status $?: $(cat "$T/err")"
has "$T/shown" 'heap-overflow: strcpy: write of 1 byte just past the end of a 26-byte block'
has "$T/shown" "copy \(.*crash_in_free\.c:$(grep -n 'return strcpy' "$ROOT/tests/programs/crash_in_free.c" | cut -d: -f1)\)"
