# Lost cycles: each counts by one definite block, and its cycle is said.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/leaks/_leaks.sh"

compare leak_cycle "3 144" "5 176" "0 0" "3 168"
eq "cycles" "3 7" "$(value '.leaks | "\(.cycles) \(.blocks_on_cycles)"')"
eq "lengths" "1 2 2" "$(value '[.leaks.list[] | select(.kind == "definite") | .cycle.length] | sort | join(" ")')"
eq "a link of the block that points to itself" "0 0" "$(value '.leaks.list[] | select(.cycle.length == 1) | .cycle.links[0] | "\(.offset) \(.target_offset)"')"
has "$T/report.txt" 'points to itself: ring'
has "$T/report.txt" 'cycle of 2: ring'
