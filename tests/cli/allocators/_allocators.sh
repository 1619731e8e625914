# What the tests of allocators share: builds of tests/programs/allocators, and what each site must show.
. "$ROOT/tests/cli/_lib.sh"
SOURCES=$ROOT/tests/programs/allocators
ARCHIVES=/usr/lib/x86_64-linux-gnu

# build NAME SOURCE ARGUMENT...: $T/NAME
build() {
	local name=$1 source=$2
	shift 2
	case $source in
	*.cpp) g++ -std=gnu++17 -g -O1 -Wall -D_GNU_SOURCE -o "$T/$name" "$SOURCES/$source" "$@" ;;
	*) gcc -std=gnu11 -g -O1 -fno-builtin -Wall -D_GNU_SOURCE -o "$T/$name" "$SOURCES/$source" "$@" ;;
	esac || give_up "cannot build $name"
}
# exact PROGRAM...: it runs as it does alone, the trace is whole, nothing is wrong in it
exact() {
	local alone=0
	"$@" >"$T/alone" 2>&1 || alone=$?
	record "$@"
	eq "status of $1" "$alone" "$status"
	report
	whole
	eq "errors in $1" 0 "$(value '[.findings[] | select(.kind | startswith("leak") | not)] | length')"
}
# direct: the allocators that are reached without malloc's symbol
direct() { value '.trace.direct_allocators | map("\(.module) \(.family) \(if .inside_executable then "inside" else "library" end) \(.functions) \(if .recorded then "recorded" else "unseen" end)") | join(", ")'; }
# sites_are LIST: triples of function, blocks begun, alive at the end
sites_are() {
	local f n l
	while read -r f n l; do
		[ -z "$f" ] || site_is "$f" "$n" "$l"
	done <<<"$1"
}
bytes_are() { eq "bytes of $1" "$2" "$(site "$1" allocated_bytes)"; }

JE_SITES="plain 10 4
aligned 8 0
grown 5 0
in_place 3 0
ordinary 7 2
mixed_x 3 0
mixed_m 3 0"
je_is_right() {
	sites_are "$JE_SITES"
	bytes_are aligned 1600
	eq "reallocations of grown_by" 5 "$(site grown_by reallocations)"
	eq "bytes of grown_by" 25000 "$(site grown_by allocated_bytes)"
	eq "alive from grown_by" 5 "$(site grown_by live_blocks)"
	# What grew where it stands is as large as it was asked to be; what could not stays as it was.
	eq "stretched" "$(said stretches)" "$(site stretched reallocations)"
	eq "refused" 3 "$(said refusals)"
	eq "alive from stretched or in_place" 3 "$(($(site stretched live_blocks) + $(site in_place live_blocks)))"
}

TC_SITES="plain 9 4
zeroed 4 0
aligned 3 3
grown 5 0
as_new 6 2
array 3 0
nothrow_ 2 0
operator_new 7 3
ordinary 5 1
posix_ 2 2"
tc_is_right() {
	sites_are "$TC_SITES"
	bytes_are zeroed 120
	bytes_are as_new 384
	eq "reallocations of grown_by" 5 "$(site grown_by reallocations)"
	eq "bytes of grown_by" 10000 "$(site grown_by allocated_bytes)"
}

MI_SITES="plain 9 4
zeroed 4 0
counted 3 0
small 3 1
grown 5 0
as_new 4 1
text 3 1
cut 1 0
in_heap 6 1
ordinary 5 1"
mi_is_right() {
	sites_are "$MI_SITES"
	bytes_are text 18
	bytes_are cut 4
	bytes_are counted 105
	eq "reallocations of grown_by" 5 "$(site grown_by reallocations)"
	eq "reallocations of counted_by" 2 "$(site counted_by reallocations)"
	eq "bytes of counted_by" 300 "$(site counted_by allocated_bytes)"
	eq "alive from heap_grown" 0 "$(site heap_grown live_blocks)"
}
