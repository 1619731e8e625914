# docs/QUERIES.md: every question is a prepared example of the tool, and every answer is what the tool prints.
. "$ROOT/tests/cli/_lib.sh"
trace=$ROOT/tests/golden/v1/jq.ms
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
PY
same "$T/examples" "$T/listed"
eq questions 20 "$(grep -c '^-- [0-9]' "$T/listed")"
for n in $(seq 20); do
	"$BIN/memscope-query" "$trace" "$(cat "$T/$n.sql")" >"$T/got" || wrong "question $n: status $?"
	same "$T/$n.answer" "$T/got"
done
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
	*:1) call="$table('end')" ;;
	*:2) call="$table('start', 'end')" ;;
	esac
	# every column can be read and is named as said
	names=$(sed -n '/argument: /d; s/^    \([a-z_0-9]*\) .*/\1/p' "$T/schema" | paste -sd,)
	"$BIN/memscope-query" --format=csv "$trace" "SELECT * FROM $call" >"$T/rows" || wrong "$table: status $?"
	eq "columns of $table" "$names" "$(head -1 "$T/rows")"
done
