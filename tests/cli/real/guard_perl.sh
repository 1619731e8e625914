# perl under the guards: hashes, sorting, matching, eval.
. "$ROOT/tests/cli/real/_guard.sh"
export PERL_HASH_SEED=0 PERL_PERTURB_KEYS=0
cat >"$T/work.pl" <<-'EOS'
	use strict; use warnings;
	my %h;
	for my $i (1 .. 800) { push @{ $h{ "k" . ($i * 7919 % 101) } }, { id => $i, name => "n$i" x 3 }; }
	my $text = join ",", map { "$_=" . scalar @{ $h{$_} } } sort keys %h;
	my $n = () = $text =~ /k(\d+)=(\d)/g;
	my $e = 0;
	for (1 .. 50) { eval { die { code => $_ } }; $e += $@->{code}; }
	sub deep { my $d = shift; return $d ? 1 + deep($d - 1) : 0 }
	{ no warnings 'recursion'; print length($text), " $n $e ", deep(200), " ", sprintf("%s-%05d", lc("ABC") x 30, 42), "\n"; }
	exit 6;
EOS
STATUS=6 guarded /usr/bin/perl "$T/work.pl"
