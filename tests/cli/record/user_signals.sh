# SIGUSR1, SIGUSR2, SIGCONT and SIGWINCH sent to memscope-record reach the program; what the program sends to its parent does not come back.
. "$ROOT/tests/cli/_lib.sh"
cat >"$T/count.pl" <<'EOF'
my ($folder) = @ARGV;
my %n;
$SIG{$_} = sub { $n{$_[0]}++ } for qw(USR1 USR2 CONT WINCH);
kill 'USR1', getppid;
open(my $f, '>', "$folder/tmp"); print $f "$$\n"; close $f; rename "$folder/tmp", "$folder/ready";
until (-e "$folder/go") { select(undef, undef, undef, 0.01) }
print join(' ', map { "$_=" . ($n{$_} // 0) } qw(USR1 USR2 CONT WINCH)), "\n";
exit 3;
EOF
mkdir "$T/steps"
"$BIN/memscope-record" -q -o "$T/trace.ms" perl "$T/count.pl" "$T/steps" >"$T/out" 2>"$T/err" </dev/null &
recorder=$!
await "$T/steps/ready"
for s in USR1 USR2 CONT WINCH; do
	kill -$s $recorder
done
sleep 0.5 # nothing says that a signal has been handled; a late one would be counted as missing
touch "$T/steps/go"
status=0
wait $recorder || status=$?
eq status 3 $status
eq "signals that arrived" "USR1=1 USR2=1 CONT=1 WINCH=1" "$(cat "$T/out")"
