/* hostile.mjs - tests of what a page must not do, for run.mjs: hostile names, paths that were to be left out, the policy. */
import assert from 'node:assert/strict';

export function hostile({ test, open, data, html, text, unhacked, folder }) {
	test('hostile names are text', async (browser) => {
		const { page, close, quiet } = await open(browser, 'hostile');
		assert.ok((await text(page, 'h1')).includes('<script>hacked=3</script>'));
		assert.ok((await page.title()).includes('<script>'));
		await page.click('.tabs a[data-view="sites"]');
		assert.match(await page.content(), /&lt;script&gt;hacked=1/);
		assert.equal(await page.locator('img').count(), 0);
		await unhacked(page);
		quiet();
		await close();
	});

	test('hostile names are text in findings, suppressions, who holds what and modules', async (browser) => {
		const { page, close, quiet } = await open(browser, 'hostile_zoo', '#view=findings');
		assert.ok((await text(page, '.three-stacks')).includes('<svg onload=hacked=5>'));
		assert.ok(await page.locator('.finding').count() > 1);
		for (const hash of ['#view=leaks&leaks.show=holders', '#view=leaks&leaks.show=tree', '#view=leaks&leaks.kind=all', '#view=process', '#view=threads']) {
			await page.evaluate((to) => { location.hash = to; }, hash);
			await page.waitForSelector(`main[data-view="${/view=([a-z]+)/.exec(hash)[1]}"]`);
		}
		await page.evaluate(() => { location.hash = '#view=process'; });
		assert.match(await text(page, '.loaded'), /<script>hacked=1<.*<svg onload=hacked=5>/);
		assert.equal(await page.locator('main img, main script, main svg[onload]').count(), 0);
		await unhacked(page);
		quiet();
		await close();
	});

	test('--no-paths leaves no directory', async () => {
		const tables = data('stripped');
		for (const [table, column] of [['lines', 'file'], ['lines', 'module'], ['modules', 'module'], ['process', 'executable'], ['process', 'working_directory'], ['command', 'text'], ['trace', 'file'], ['loaded', 'module'], ['holders', 'path'], ['holders', 'module'], ['boundaries', 'from']])
			for (const row of tables[table].all())
				assert.ok(!/.\/./.test(row[column]), `${table}.${column}: ${row[column]}`);
		assert.ok(!html('stripped').includes(folder));
	});

	test('the policy allows nothing but the page itself', async (browser) => {
		const { page, said, close } = await open(browser, 'jq');
		const policy = await page.getAttribute('meta[http-equiv="Content-Security-Policy"]', 'content');
		assert.match(policy, /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+';/);
		assert.ok(!policy.includes('unsafe'));
		await page.evaluate(() => {
			const script = document.createElement('script');
			script.textContent = 'window.hacked = 4';
			document.body.append(script);
		});
		await unhacked(page);
		assert.ok(said.some((line) => line.includes('Content Security Policy')), String(said));
		await close();
	});
}
