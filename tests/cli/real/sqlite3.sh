# sqlite3 fills, indexes and queries a database in memory.
. "$ROOT/tests/cli/real/_real.sh"
cat >"$T/script.sql" <<-'EOF'
	create table t(id integer primary key, k text, v real);
	with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
	insert into t select i, 'key' || (i * 7919 % 1000), i * 0.5 from n;
	create index by_k on t(k);
	select k, count(*), sum(v) from t group by k order by 3 desc, 1 limit 20;
	update t set v = v + 1 where k like 'key1%';
	delete from t where id % 3 = 0;
	select count(*), sum(v) from t;
	.dump by_k
EOF
INPUT=$T/script.sql real sqlite3 /usr/bin/sqlite3 -batch :memory:
