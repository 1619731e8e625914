# Exceptions and longjmp over recorded frames: they arrive, and later stacks are right.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/exceptions"
eq status 0 $status
eq "what it said" "done" "$(cat "$T/out")"
report
exited 0
whole
site_is throw_alloc 1000 0
site_is catch_alloc 1000 0
site_is jump_alloc 500 0
both() { # FUNCTION CALLER
	jq --arg f "$1" --arg c "$2" '[.sites[] | [.stack[].function // "" | split("(")[0]] as $s | select(($s | index($f)) and ($s | index($c))) | .allocations] | add // 0' "$T/report.json"
}
eq "throw_alloc under dive and main" 1000 "$(both throw_alloc dive)"
eq "throw_alloc under climb" 0 "$(both throw_alloc climb)"
eq "catch_alloc under climb" 1000 "$(both catch_alloc climb)"
eq "catch_alloc under dive" 0 "$(both catch_alloc dive)"
eq "jump_alloc under leap" 500 "$(both jump_alloc leap)"
eq "sites of catch_alloc, one for each depth" 10 "$(sites catch_alloc)"
eq "frames of climb in all of them" 55 "$(jq '[.sites[] | [.stack[].function // "" | split("(")[0]] | select(index("catch_alloc")) | map(select(. == "climb")) | length] | add' "$T/report.json")"
eq "failed operator new" 100 "$(events '.kind == "alloc-failed"')"
