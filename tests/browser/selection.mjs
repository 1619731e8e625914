/* selection.mjs - tests of what all views share, for run.mjs: the brush, the search, filters, and links that keep them. */
import assert from 'node:assert/strict';

export function selection({ test, open, json, text, hashOf }) {
	test('the brush changes figures, by mouse, by keyboard and from the URL', async (browser) => {
		const { page, close, quiet } = await open(browser, 'jq', '#view=sites');
		const whole = await text(page, '.sites .bar');
		const box = await page.locator('.strip-area').boundingBox();
		await page.mouse.move(box.x + box.width * 0.2, box.y + 20);
		await page.mouse.down();
		await page.mouse.move(box.x + box.width * 0.5, box.y + 20, { steps: 4 });
		await page.mouse.up();
		const part = await text(page, '.sites .bar');
		assert.notEqual(part, whole);
		assert.match(part, /selected time/);
		assert.match(await hashOf(page), /from=[0-9]+&to=[0-9]+/);
		await page.focus('.edge >> nth=1');
		await page.keyboard.press('End'); // a few steps may hold nothing
		assert.notEqual(await text(page, '.sites .bar'), part);
		const kept = await text(page, '.sites .bar');
		await page.reload();
		await page.waitForSelector('html[data-ready]');
		assert.equal(await text(page, '.sites .bar'), kept);
		await page.click('.clear');
		assert.equal(await text(page, '.sites .bar'), whole);
		quiet();
		await close();
	});

	test('a selection of everything has the figures of the run', async (browser) => {
		const report = json('jq');
		const { page, close, quiet } = await open(browser, 'jq', `#from=0&to=${report.trace.duration_ns}`);
		const shown = await page.$$eval('.figure .value', (values) => values.map((value) => value.title));
		for (const key of ['peak_bytes', 'live_bytes', 'allocated_bytes', 'freed_bytes'])
			assert.ok(shown.includes(`${report.totals[key].toLocaleString('en-US')} B`), `${key} ${report.totals[key]} among ${shown}`);
		quiet();
		await close();
	});

	test('the search changes figures and survives a reload', async (browser) => {
		const { page, close, quiet } = await open(browser, 'jq', '#view=sites');
		const expected = json('jq').sites.filter((site) => site.stack.some((line) => (line.function ?? '').includes('jv_string_sized')));
		await page.keyboard.press('/');
		await page.keyboard.type('jv_string_sized');
		await page.waitForFunction(() => location.hash.includes('jv_string_sized'));
		const line = await text(page, '.sites .bar');
		assert.match(line, new RegExp(`^${expected.length} call path`));
		assert.equal(await page.getAttribute('.grid', 'aria-rowcount'), String(expected.length + 1));
		const sum = expected.reduce((all, site) => all + site.peak_bytes, 0);
		assert.equal(await page.locator('.sites .bar span').nth(1).getAttribute('title'), `${sum.toLocaleString('en-US')} B`);
		await page.reload();
		await page.waitForSelector('html[data-ready]');
		assert.equal(await text(page, '.sites .bar'), line);
		await page.focus('#search');
		await page.keyboard.press('Escape');
		assert.notEqual(await text(page, '.sites .bar'), line);
		quiet();
		await close();
	});

	test('filters: module, size, lifetime, leaving out; what is not understood is said', async (browser) => {
		const { page, close, quiet } = await open(browser, 'jq', '#view=sites');
		const { sites } = json('jq');
		const mean = (site) => site.allocated_bytes / (site.allocations + site.reallocations || 1);
		for (const [query, wanted] of [
			['size:>1k', (site) => mean(site) > 1024], ['size:..64', (site) => mean(site) <= 64], ['life:<1ms', (site) => site.mean_lifetime_ns !== null && site.mean_lifetime_ns < 1e6],
			['-jv_mem_alloc', (site) => !site.stack.some((line) => (line.function ?? '').includes('jv_mem_alloc'))], [`site:${sites[0].id}`, (site) => site.id === sites[0].id],
		]) {
			await page.fill('#search', query);
			await page.keyboard.press('Enter');
			assert.equal(await page.getAttribute('.grid', 'aria-rowcount'), String(sites.filter(wanted).length + 1), query);
		}
		await page.fill('#search', 'size:>many');
		await page.keyboard.press('Enter');
		assert.match(await text(page, '#search-result'), /not understood: size:>many/);
		quiet();
		await close();
	});
}
