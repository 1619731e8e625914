# The service of the pictures (tests/programs/orders.cpp): the report finds its bugs, all of them and no others.
. "$ROOT/tests/cli/_lib.sh"
record --guard=canary --free-stacks "$PROGRAMS/orders" 2000
eq status 0 $status
same "$T/out" <(echo "2000 orders")
report
eq "findings" "heap-overflow leak-definite" "$(value '[.findings[].kind] | sort | join(" ")')"
eq "what is leaked, from where" "Parser::reject(char const*) 40 1920" \
	"$(value '.leaks.list[] | select(.kind == "definite") | "\(.stack[0].function) \(.blocks) \(.bytes)"')"
eq "what overflows" "Label::print(Order const&) 16 1" "$(value '.findings[] | select(.kind == "heap-overflow") | "\(.stacks.error[] | select(.function != "memcpy") | .function) \(.block.size) \(.length_bytes)"' | head -1)"
eq "phases" '["","catalogue loaded","nightly report","stopping"]' "$(value '.phases.list | map(.name // "") | tojson')"
ge "blocks that the logger freed for others" 1900 "$(value '[.threads[] | select(.name == "logger") | .ended_others.blocks] | add')"
eq "articles" 5000 "$(value '[.sites[] | select(any(.stack[]; (.function // "") | startswith("Catalogue::load")) and .stack[0].function != null) | .allocations] | max')"
