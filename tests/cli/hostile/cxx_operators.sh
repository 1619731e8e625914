# Every form of operator new and delete is recorded as what it is.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/operators"
eq status 0 $status
report
exited 0
whole
# SIZE FUNCTION KIND-OF-NEW KIND-OF-DELETE
while read -r size function new delete; do
	site_is "$function" 1 0
	eq "$new of $size bytes" 1 "$(events ".kind == \"$new\" and .size_bytes == $size")"
	block=$(jq -r "select(.kind == \"$new\" and .size_bytes == $size) | .block" "$T/events.jsonl")
	eq "what ended the block of $size bytes" "$delete" \
		"$(jq -r --argjson b "${block:-0}" 'select(.block == $b and (.kind | test("delete|free"))) | .kind' "$T/events.jsonl")"
done <<-EOF
	8001 use_scalar new delete
	8002 use_array new[] delete[]
	8003 use_nothrow new delete
	8004 use_array_nothrow new[] delete[]
	8064 use_aligned new-aligned delete-aligned
	8128 use_array_aligned new[]-aligned delete[]-aligned
	8192 use_aligned_nothrow new-aligned delete-sized-aligned
	8256 use_array_aligned_nothrow new[]-aligned delete[]-sized-aligned
	8005 use_sized new delete-sized
	8006 use_array_sized new[] delete[]-sized
	8007 use_delete_nothrow new delete
	8008 use_delete_array_nothrow new[] delete[]
EOF
eq "blocks that operators began" 12 "$(events '.kind | test("^new")')"
eq "allocations that failed in operators" 2 "$(events '.kind == "alloc-failed"')"
