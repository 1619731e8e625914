# perl builds hashes, sorts, matches, and evals.
. "$ROOT/tests/cli/real/_real.sh"
export PERL_HASH_SEED=0 PERL_PERTURB_KEYS=0
cat >"$T/work.pl" <<-'EOF'
	use strict; use warnings;
	my %h;
	for my $i (1 .. 6000) { push @{ $h{ "k" . ($i * 7919 % 701) } }, { id => $i, name => "n$i" x 3 }; }
	my $text = join ",", map { "$_=" . scalar @{ $h{$_} } } sort keys %h;
	my $n = () = $text =~ /k(\d+)=(\d)/g;
	my $e = 0;
	for (1 .. 200) { eval { die { code => $_ } }; $e += $@->{code}; }
	sub deep { my $d = shift; return $d ? 1 + deep($d - 1) : 0 }
	{ no warnings 'recursion'; print length($text), " $n $e ", deep(500), "\n"; }
	exit 6;
EOF
real perl /usr/bin/perl "$T/work.pl"
eq "its exit status" 6 $status
