# sqlite3 under the guards.
. "$ROOT/tests/cli/real/_guard.sh"
cat >"$T/script.sql" <<-'EOS'
	create table t(id integer primary key, k text, v real);
	with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)
	insert into t select i, 'key' || (i * 7919 % 100), i * 0.5 from n;
	create index by_k on t(k);
	select k, count(*), sum(v), group_concat(id, ':') from t group by k order by 3 desc, 1 limit 20;
	update t set v = v + 1 where k like 'key1%';
	delete from t where id % 3 = 0;
	select count(*), sum(v), hex(zeroblob(20)), printf('%08.3f|%-10s', 3.14159, 'x') from t;
	select * from nosuchtable;
	.dump t
EOS
INPUT=$T/script.sql STATUS=1 guarded sqlite3 -batch :memory:
