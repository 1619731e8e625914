# Annotations from Rust: the crate under record/include/rust, without dependencies, recorded and not.
. "$ROOT/tests/cli/_lib.sh"
command -v rustc >/dev/null || skip "no rustc"
CRATE=$ROOT/record/include/rust

# rust FILE PROGRAM FLAGS...
rust() {
	local file=$1 program=$2
	shift 2
	rustc --edition 2018 -D warnings "$@" --extern "memscope=$T/libmemscope.rlib" -o "$program" "$file" 2>"$T/rustc.err" ||
		give_up "rustc $file: $(cat "$T/rustc.err")"
}
rustc --edition 2018 -D warnings -O -g --crate-type rlib --crate-name memscope -o "$T/libmemscope.rlib" "$CRATE/src/lib.rs"

for flags in "-O" "-C opt-level=0"; do
	rust "$CRATE/examples/annotate_rust.rs" "$T/annotate" -g $flags
	eq "$flags: not recorded" "# not recorded" "$("$T/annotate" | head -1)"
	record "$T/annotate"
	eq "$flags: status" 0 $status
	eq "$flags: recorded" "# recorded" "$(head -1 "$T/out")"
	grep -v '^#' "$T/out" >"$T/said"
	"$BIN/memscope-trace" dump --json "$trace" | jq -nr -f "$ROOT/tests/cli/record/_annotations.jq" >"$T/got"
	cmp -s "$T/said" "$T/got" || wrong "$flags: $(diff "$T/said" "$T/got" | head -20)"
	eq "$flags: the line" "$CRATE/examples/annotate_rust.rs:$(grep -n 'track!(numbers)' "$CRATE/examples/annotate_rust.rs" | cut -d: -f1)" \
		"$("$BIN/memscope-trace" dump --json "$trace" | jq -r 'select(.kind == "track" and .variable.name == "numbers") | "\(.variable.file):\(.variable.line)"')"
done
libraries() { readelf -d "$1" | grep NEEDED | sort; }
echo 'fn main() {}' >"$T/bare.rs"
rust "$T/bare.rs" "$T/bare" -O
eq "libraries that it needs" "$(libraries "$T/bare")" "$(libraries "$T/annotate")"

# The example of the README.
sed -n '/^```rust$/,/^```$/p' "$CRATE/README.md" | sed '/^```/d' >"$T/readme.rs"
rust "$T/readme.rs" "$T/readme" -g
record "$T/readme"
eq "README: tasks" "first" "$("$BIN/memscope-trace" dump --json "$trace" | jq -r 'select(.kind == "task-name") | .name')"
eq "README: variable" "body alloc::vec::Vec<u8, alloc::alloc::Global>" "$("$BIN/memscope-trace" dump --json "$trace" | jq -r 'select(.kind == "track") | "\(.variable.name) \(.variable.type)"')"
