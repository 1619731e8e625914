# docs/QUERIES.md: every question is a prepared example of the tool, and every answer is what the tool prints.
. "$ROOT/tests/cli/_lib.sh"
"$BIN/memscope-query" .examples >"$T/examples"
python3 - "$ROOT/docs/QUERIES.md" "$T" <<'PY'
import re, sys
text = open(sys.argv[1], encoding="utf-8").read()
found = re.findall(r"^### (\d+)\. ([^\n]*)\n\n```sql\n(.*?);\n```\n\n```text\n(.*?)```\n", text, re.M | re.S)
with open(sys.argv[2] + "/listed", "w") as listed:
    for number, question, sql, answer in found:
        listed.write(f"-- {number}. {question}\n{sql};\n")
        open(f"{sys.argv[2]}/{number}.sql", "w").write(sql)
        open(f"{sys.argv[2]}/{number}.answer", "w").write(answer)
        # of the trace named last before the question
        traces = re.findall(r"answers .*are those of the trace `([^`]*)`", text[:text.index(f"### {number}. ")])
        open(f"{sys.argv[2]}/{number}.trace", "w").write(traces[-1])
PY
same "$T/examples" "$T/listed"
questions=$(grep -c '^-- [0-9]' "$T/listed")
ge questions 20 "$questions"
for n in $(seq "$questions"); do
	"$BIN/memscope-query" "$ROOT/$(cat "$T/$n.trace")" "$(cat "$T/$n.sql")" >"$T/got" || wrong "question $n: status $?"
	same "$T/$n.answer" "$T/got"
done
trace=$ROOT/tests/golden/v1/jq.ms
# The help has them, too, and .schema every table that .tables lists.
"$BIN/memscope-query" --help >"$T/help"
while read -r line; do grep -qF -- "$line" "$T/help" || wrong "not in --help: $line"; done <"$T/examples"
for table in $("$BIN/memscope-query" .tables | sed 's/[ (].*//'); do
	"$BIN/memscope-query" ".schema $table" >"$T/schema"
	columns=$(sed -n 's/^    \([a-z_0-9]*\) .*/\1/p' "$T/schema" | wc -l)
	ge "columns of $table" 3 "$columns"
	argument=$(sed -n 's/.*argument: .*/x/p' "$T/schema" | wc -l)
	case $table:$argument in
	*:0) call=$table ;;
	timeline:*) call="timeline('1ms')" ;;
	series:*) call="series('1ms', 'site')" ;;
	*:1) call="$table('end')" ;;
	*:2) call="$table('start', 'end')" ;;
	esac
	# every column can be read and is named as said
	names=$(sed -n '/argument: /d; s/^    \([a-z_0-9]*\) .*/\1/p' "$T/schema" | paste -sd,)
	"$BIN/memscope-query" --format=csv "$trace" "SELECT * FROM $call" >"$T/rows" || wrong "$table: status $?"
	eq "columns of $table" "$names" "$(head -1 "$T/rows")"
done
