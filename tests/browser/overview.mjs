/* overview.mjs - tests of the overview, for run.mjs: totals, what is wrong with a trace, the verdict. */
import assert from 'node:assert/strict';

export function overview({ test, open, json, text }) {
	test('the overview shows the exact totals', async (browser) => {
		const { page, close, quiet } = await open(browser, 'jq');
		const { totals } = json('jq');
		const shown = await page.$$eval('.figure .value', (values) => values.map((value) => value.title));
		for (const key of ['peak_bytes', 'live_bytes', 'allocated_bytes', 'freed_bytes'])
			assert.ok(shown.includes(`${totals[key].toLocaleString('en-US')} B`), `${key} ${totals[key]} among ${shown}`);
		assert.match(await text(page, '.banner'), /complete: every event from start to end is in the trace/);
		quiet();
		await close();
	});

	test('what is wrong with a trace stands first', async (browser) => {
		const { page, close, quiet } = await open(browser, 'cut');
		assert.match(await text(page, 'main > * > *'), /truncated: the record ends before the program did/);
		assert.equal(await page.locator('.banner.good').count(), 0);
		quiet();
		await close();
	});

	test('the verdict has the words of the text report', async (browser) => {
		const { page, close, quiet } = await open(browser, 'zoo');
		assert.match(await text(page, '.verdict'), /heap errors: [0-9]+ errors: [0-9]+ heap-overflow/);
		quiet();
		await close();
	});
}
