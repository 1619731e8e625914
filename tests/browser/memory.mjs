/* memory.mjs - tests of sizes, address space and system, for run.mjs. */
import assert from 'node:assert/strict';
import { TRACES, number } from './reports.mjs';

export function memory({ test, open, json, data, text, hashOf }) {
	for (const name of TRACES)
		test(`sizes, lifetimes, address space and system of ${name} equal the JSON report's`, async () => {
			const tables = data(name);
			const report = json(name);
			const sizes = tables.sizes.all();
			const lives = tables.lifetimes.all();
			const rule = tables.distributions.text('usable_rule', 0);
			assert.equal(rule || null, report.usable_rule);
			const rounded = (row) => (rule ? row : { ...row, usable_bytes: null, live_usable_bytes: null });
			assert.deepEqual(sizes.filter((row) => row.blocks || row.live_blocks).map(rounded), report.sizes);
			assert.deepEqual(lives.filter((row) => row.blocks), report.lifetimes);
			assert.deepEqual(tables.size_lifetimes.all().map((cell) => ({
				min_bytes: sizes[cell.size_class].min_bytes, max_bytes: sizes[cell.size_class].max_bytes, min_ns: lives[cell.lifetime_class].min_ns, max_ns: lives[cell.lifetime_class].max_ns, blocks: cell.blocks, bytes: cell.bytes,
			})), report.size_lifetimes);
			for (const [k, life] of lives.entries())
				assert.equal(tables.size_lifetimes.all().filter((cell) => cell.lifetime_class === k).reduce((sum, cell) => sum + cell.blocks, 0), life.blocks);
			const space = report.address_space;
			assert.deepEqual(tables.address_moments.all().map((one) => [one.time_ns, one.live_bytes, one.occupied_pages, one.heap_pages, one.largest_hole_bytes]),
				space.moments.map((one) => [one.time_ns, one.live_bytes, one.occupied_pages, one.heap_pages, one.largest_hole_bytes]));
			assert.deepEqual(tables.address_regions.all().map((one) => [one.start, one.name || null, one.first_bin, one.bin_count]), space.regions.map((one) => [one.start, one.name, one.first_bin, one.bin_count]));
			assert.deepEqual(Array.from(tables.address_occupancy.column('bytes')), space.occupancy.flat());
			assert.deepEqual(tables.system_series.all().map((one) => [one.name, one.samples, one.reason || null]), report.system.map((one) => [one.name, one.samples, one.reason]));
			assert.equal(tables.reconciliation.number('resident_bytes', 0), report.reconciliation.resident_bytes ?? 0);
			assert.deepEqual(tables.reconciliation_rows.all().map((row) => [row.name, row.basis, row.bytes]), (report.reconciliation.rows ?? []).map((row) => [row.name, row.basis, row.bytes]));
		});

	test('sizes: bars and cells by keyboard, bytes or blocks, the brush, what the search does', async (browser) => {
		const { page, close, quiet } = await open(browser, 'jq', '#view=sizes');
		const { sizes, lifetimes, size_lifetimes: cells, totals } = json('jq');
		const bars = page.locator('.bars-holder');
		await bars.nth(0).focus();
		await page.keyboard.press('Home');
		const said = await page.locator('.bars-line').nth(0).innerText();
		assert.ok(said.includes(`${number(sizes[0].blocks)} block`) && said.includes(`${number(sizes[0].bytes)} B`), said);
		await bars.nth(1).focus();
		await page.keyboard.press('End');
		assert.ok((await page.locator('.bars-line').nth(1).innerText()).includes(`${number(lifetimes.at(-1).bytes)} B`));
		assert.equal(await page.locator('.bars').nth(0).locator('.bar-mark').count(), Math.log2(sizes.at(-1).max_bytes + 1) - (sizes[0].max_bytes ? Math.log2(sizes[0].max_bytes + 1) : 0) + 1);
		// The smallest size that lived shortest: one cell of the map.
		await page.locator('.heat canvas').focus();
		await page.keyboard.press('ArrowDown');
		const first = cells.filter((cell) => cell.min_bytes === sizes[0].min_bytes && cell.min_ns === lifetimes[0].min_ns).reduce((sum, cell) => sum + cell.blocks, 0);
		assert.match(await text(page, '.heat .bars-line'), first ? new RegExp(`${number(first)} block`) : /: none/);
		const slack = sizes.reduce((sum, row) => sum + row.usable_bytes - row.bytes, 0);
		assert.equal(await page.locator('.slack [role=status]').getAttribute('title'), `${number(slack)} B`);
		await page.click('.slack button:has-text("Alive at the end")');
		const alive = sizes.reduce((sum, row) => sum + row.live_usable_bytes - row.live_bytes, 0);
		assert.equal(await page.locator('.slack [role=status]').getAttribute('title'), totals.live_blocks ? `${number(alive)} B` : '0 B');
		await page.selectOption('#sizes-measure', 'bytes');
		assert.match(await hashOf(page), /sizes\.measure=bytes/);
		await page.keyboard.press('/');
		await page.keyboard.type('size:>1k');
		await page.waitForSelector('.bar-mark.dim');
		assert.equal(await page.locator('.bars').nth(0).locator('.bar-mark:not(.dim)').count(), Math.log2(sizes.at(-1).max_bytes + 1) - 10);
		await page.locator('.bars-holder').nth(0).focus();
		await page.keyboard.press('Home');
		await page.keyboard.press('Enter');
		assert.match(await hashOf(page), new RegExp(`size%3A${sizes[0].min_bytes}\\.\\.${sizes[0].max_bytes}`));
		// All of the time selected: the same blocks.
		await page.goto(`${page.url().replace(/#.*/, '')}#view=sizes&from=0&to=${json('jq').trace.duration_ns}`);
		await page.waitForFunction(() => document.querySelector('.sizes h2').textContent.includes('selected time'));
		await page.locator('.bars-holder').nth(0).focus();
		await page.keyboard.press('Home');
		assert.equal((await page.locator('.bars-line').nth(0).innerText()).split(' (')[0], said.split(' (')[0]);
		quiet();
		await close();
	});

	test('address space: figures of the chosen moment, by slider, brush and keyboard', async (browser) => {
		const { page, close, quiet } = await open(browser, 'redis', '#view=address');
		const { address_space: space, trace } = json('redis');
		const most = space.moments.reduce((best, one) => (one.live_bytes > best.live_bytes ? one : best));
		const shown = () => page.$$eval('.address .figure .value', (values) => values.map((value) => value.title));
		assert.ok((await shown()).includes(`${number(most.live_bytes)} B`));
		await page.focus('.address input[type=range]');
		await page.keyboard.press('End');
		assert.ok((await shown()).includes(`${number(space.moments.at(-1).live_bytes)} B`));
		assert.ok((await shown()).includes(`${number(space.moments.at(-1).occupied_pages * 4096)} B`));
		// A selection that ends just behind a moment shows that one: the first at which something was alive.
		const first = space.moments.findIndex((one) => one.live_bytes > 0);
		await page.goto(`${page.url().replace(/#.*/, '')}#view=address&from=0&to=${Math.min(trace.duration_ns, space.moments[first].time_ns + Math.ceil(trace.duration_ns / 400))}`);
		await page.waitForFunction((number) => document.querySelector('.snap-where').textContent.includes(`moment ${number} of`), first + 1);
		assert.ok((await shown()).includes(`${number(space.moments[first].live_bytes)} B`));
		await page.focus('.map-holder canvas');
		await page.keyboard.press('Home');
		assert.match(await text(page, '.address .bars-line'), /^0x[0-9a-f]+, .*: [0-9,]+ B live of [0-9,]+ B/);
		quiet();
		await close();
	});

	test('system: resident memory adds up, what was not observable says why', async (browser) => {
		const { page, close, quiet } = await open(browser, 'redis', '#view=system');
		const { reconciliation, system } = json('redis');
		const parts = await page.$$eval('.rss-parts > table tbody td:nth-child(4)', (cells) => cells.map((cell) => Number(cell.textContent.replace(/[, B]/g, ''))));
		assert.equal(parts.at(-1), reconciliation.resident_bytes);
		assert.equal(parts.slice(0, -1).reduce((sum, one) => sum + one, 0), reconciliation.resident_bytes);
		for (const series of system.filter((one) => one.samples === 0))
			assert.ok((await text(page, 'main')).includes(series.reason), series.name);
		assert.equal(await page.locator('.system .uplot').count() > 0, system.find((one) => one.name === 'rss').samples > 1);
		await page.goto(`${page.url().replace(/#.*/, '')}#view=system&from=0&to=1000`);
		await page.waitForFunction(() => /selected time/.test(document.querySelector('.system').textContent));
		quiet();
		await close();
	});
}
