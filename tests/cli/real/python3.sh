# python3 with every object from malloc: parsing, recursion, exceptions, threads.
. "$ROOT/tests/cli/real/_real.sh"
export PYTHONHASHSEED=0 PYTHONMALLOC=malloc PYTHONDONTWRITEBYTECODE=1
cat >"$T/work.py" <<-'EOF'
	import ast, json, re, threading
	source = "def f(x):\n    return [x * %d + y for y in range(x)] + {'k': (x, 'v')}['k'][0:1]\n"
	tree = [ast.dump(ast.parse(source % i)) for i in range(60)]
	def deep(n):
	    return [n] + deep(n - 1) if n else []
	def risky(n):
	    try:
	        if n % 3 == 0:
	            raise ValueError(n)
	        return n
	    except ValueError as e:
	        return -e.args[0]
	results = [0] * 4
	def worker(i):
	    results[i] = sum(len(json.dumps({"k%d" % j: list(range(j))})) for j in range(60))
	threads = [threading.Thread(target=worker, args=(i,)) for i in range(4)]
	for t in threads: t.start()
	for t in threads: t.join()
	print(sum(map(len, tree)), len(deep(300)), sum(map(risky, range(500))), results, re.sub("a+", "b", "caaandaa"))
	raise SystemExit(5)
EOF
real python3.11 /usr/bin/python3.11 "$T/work.py"
eq "its exit status" 5 $status
