# 1000 threads at once, and 5000 one after the other.
. "$ROOT/tests/cli/_lib.sh"
for how in "1000 1000" "5000 1"; do
	echo "# short_threads $how"
	# shellcheck disable=SC2086
	record "$PROGRAMS/short_threads" $how
	eq status 0 $status
	report
	exited 0
	whole
	site_is thread_alloc $((2 * ${how% *})) 0
	eq "threads that allocated 2 blocks under thread_alloc or more" "${how% *}" "$(value '[.threads[] | select(.main | not) | select(.allocations >= 2)] | length')"
done
