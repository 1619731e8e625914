# git under the guards: init, commits, log, gc, with the programs that it starts.
. "$ROOT/tests/cli/real/_guard.sh"
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=c GIT_COMMITTER_EMAIL=c@example.org HOME=$T \
	GIT_AUTHOR_DATE="2020-01-01T00:00:00Z" GIT_COMMITTER_DATE="2020-01-01T00:00:00Z" GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
cat >"$T/work.sh" <<-'EOS'
	set -e
	git init -q -b trunk
	for i in 1 2; do
		for f in a b c d; do seq $i 5 200 >$f.$i; done
		git add .
		git commit -q -m "commit $i"
	done
	git log --stat --format='%H %an %s'
	git -c pack.threads=1 gc -q
	git diff HEAD~1 | wc -l
	git fsck --no-progress
	git count-objects -v | grep -v size
	git show nosuchthing
EOS
fresh() {
	cd "$T"
	rm -rf "$T/tree"
	mkdir "$T/tree"
	cd "$T/tree"
}
GUARDS=(--guard=canary "--guard=full --guard-side=end" "--guard=full --guard-side=start" --guard=sample=20)
FRESH=fresh FOLLOW=1 STATUS=128 guarded sh "$T/work.sh"
has "$T/out" "commit 2"
