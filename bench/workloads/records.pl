# A hash of N records, read back, changed and thinned out: records.pl N
use strict;
use warnings;

my $n = shift @ARGV;
my ($seed, %record) = (1);
sub below { $seed = ($seed * 1103515245 + 12345) & 0x7fffffff; return ($seed >> 8) % $_[0] }

for my $i (1 .. $n) {
	my $key = sprintf "key%08d", below(100_000_000);
	$record{$key} = [ "user $i", below(1000) ];
}
my $sum = 0;
for my $key (keys %record) {
	my $r = $record{$key};
	$sum += $r->[1];
	$r->[0] .= " <$key>" if $r->[1] % 2;
	delete $record{$key} if $r->[1] % 3 == 0;
}
print scalar(keys %record), " $sum\n";
