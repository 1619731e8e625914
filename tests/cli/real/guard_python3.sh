# python3 under the guards, every object from malloc: parsing, recursion, exceptions, threads, regular expressions.
. "$ROOT/tests/cli/real/_guard.sh"
export PYTHONHASHSEED=0 PYTHONMALLOC=malloc PYTHONDONTWRITEBYTECODE=1
cat >"$T/work.py" <<-'EOS'
	import ast, json, re, threading, zlib
	source = "def f(x):\n    return [x * %d + y for y in range(x)] + {'k': (x, 'v')}['k'][0:1]\n"
	tree = [ast.dump(ast.parse(source % i)) for i in range(8)]
	def deep(n):
	    return [n] + deep(n - 1) if n else []
	results = [0] * 3
	def worker(i):
	    results[i] = sum(len(json.dumps({"k%d" % j: list(range(j))})) for j in range(30))
	threads = [threading.Thread(target=worker, args=(i,)) for i in range(3)]
	for t in threads: t.start()
	for t in threads: t.join()
	text = "".join(tree).encode()
	print(sum(map(len, tree)), len(deep(100)), results, re.sub("a+", "b", "caaandaa"), zlib.decompress(zlib.compress(text)) == text)
	raise SystemExit(5)
EOS
STATUS=5 guarded /usr/bin/python3 "$T/work.py"
