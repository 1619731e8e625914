/* leaks.mjs - tests of leaks and retention, for run.mjs: kinds, dominator tree, holders. */
import assert from 'node:assert/strict';
import { TRACES, exact } from './reports.mjs';

export function leaks({ test, open, json, data, text, hashOf }) {
	for (const name of TRACES)
		test(`leaks, holders, findings, threads and modules of ${name} equal the JSON report's`, () => {
			const tables = data(name);
			const report = json(name);
			const rows = (table, columns) => tables[table].all().map((row) => columns.map((column) => row[column]));
			const { leaks, holders, safety } = report;
			assert.deepEqual(rows('leak_kinds', ['kind', 'blocks', 'bytes', 'call_paths']), leaks.observable
				? ['definite', 'indirect', 'possible', 'reachable'].map((kind) => [kind, leaks[kind].blocks, leaks[kind].bytes, leaks.call_paths[kind]]) : []);
			assert.deepEqual(rows('leaks', ['kind', 'node', 'blocks', 'bytes', 'indirect_blocks', 'indirect_bytes', 'min_bytes', 'max_bytes', 'first_block', 'last_block', 'example_block', 'example_retained_bytes']),
				leaks.list.map((one) => [one.kind, one.site, one.blocks, one.bytes, one.hanging_on.blocks, one.hanging_on.bytes, one.sizes.min_bytes, one.sizes.max_bytes, one.first.block, one.last.block, one.example.block, one.example.retained_bytes]));
			assert.deepEqual(rows('holders', ['retained_bytes', 'retained_blocks', 'pointers', 'kind', 'tid', 'address']),
				holders.list.map((one) => [one.retained_bytes, one.retained_blocks, one.pointers, one.holder.kind, one.holder.tid, one.holder.address]));
			assert.deepEqual(rows('held_tree', ['what', 'parent', 'retained_bytes', 'retained_blocks', 'children', 'blocks', 'bytes', 'heads', 'sites', 'site', 'example']),
				holders.tree.map(({ blocks: own, ...one }) => [one.what, one.parent ?? 0xffffffff, one.retained_bytes, one.retained_blocks, one.children, own?.blocks ?? 0, own?.bytes ?? 0, own?.heads ?? 0, own?.sites ?? 0, own?.site ?? 0, own?.example ?? 0]));
			assert.deepEqual(rows('held_paths', ['node', 'retained_bytes']), holders.sites.map((one) => [one.site, one.retained_bytes]));
			// What the top of the tree retains is all that the graph has.
			if (leaks.observable && !holders.tree_omitted)
				assert.equal(holders.tree.filter((one) => one.parent === null).reduce((sum, one) => sum + one.retained_bytes, 0), ['definite', 'indirect', 'possible', 'reachable'].reduce((sum, kind) => sum + leaks[kind].bytes, 0));
			assert.deepEqual(rows('findings', ['kind', 'cwe', 'message', 'fingerprint', 'count', 'run']), report.findings.map((one) => [one.kind, one.cwe, one.message, one.fingerprint, one.count, one.run]));
			for (const [i, one] of report.findings.entries()) {
				const row = tables.findings.row(i);
				assert.equal(row.bytes, one.bytes?.found ?? '');
				assert.equal(row.block_size_bytes, one.block?.size ?? 0);
				if (one.block && one.offset !== null)
					assert.equal(row.offset, one.offset);
			}
			assert.deepEqual(rows('handovers', ['from', 'to', 'blocks', 'bytes']), safety.handovers.map((one) => [one.from_thread, one.to_thread, one.blocks, one.bytes]));
			assert.deepEqual(rows('boundaries', ['from', 'to', 'blocks', 'bytes']), safety.boundaries.map((one) => [one.from_module, one.to_module, one.blocks, one.bytes]));
			assert.deepEqual(rows('loaded', ['module', 'build_id', 'start', 'end', 'image']), report.loaded.map((one) => [one.module ?? '', one.build_id ?? '', one.start, one.end, one.image]));
			assert.ok(report.loaded.length > 1);
		});

	test('leaks: kinds in words, rows by kind, search, stack', async (browser) => {
		const { page, close, quiet } = await open(browser, 'leaks', '#view=leaks');
		const { leaks } = json('leaks');
		assert.match(await text(page, '.leak-kinds'), new RegExp(`definite .* in ${leaks.definite.blocks} blocks from ${leaks.call_paths.definite} call paths`));
		const lost = leaks.list.filter((one) => one.kind !== 'reachable');
		assert.equal(await page.getAttribute('.grid', 'aria-rowcount'), String(lost.length + 1));
		assert.equal(await page.locator('.leaks .bar span span').getAttribute('title'), exact(lost.reduce((sum, one) => sum + one.bytes, 0)));
		await page.selectOption('#leaks-kind', 'definite');
		assert.equal(await page.getAttribute('.grid', 'aria-rowcount'), String(leaks.call_paths.definite + 1));
		assert.match(await hashOf(page), /leaks.kind=definite/);
		await page.focus('.grid-row[tabindex="0"]');
		await page.keyboard.press('Enter');
		await page.waitForSelector('.grid-detail .stack li');
		await page.fill('#search', 'make_ring');
		await page.keyboard.press('Enter');
		assert.equal(await page.getAttribute('.grid', 'aria-rowcount'), String(leaks.list.filter((one) => one.kind === 'definite' && one.stack.some((line) => (line.function ?? '').includes('make_ring'))).length + 1));
		await page.click('.grid-detail a:has-text("Flame graph"), .grid-row');
		quiet();
		await close();
	});

	test('dominator tree: opens by keyboard, keeps what is open in the URL, obeys the search', async (browser) => {
		const { page, close, quiet } = await open(browser, 'leaks', '#view=leaks&leaks.show=tree');
		const { tree } = json('leaks').holders;
		const tops = tree.filter((one) => one.parent === null);
		assert.equal(await page.locator('.tree > li').count(), tops.length);
		assert.equal(await page.locator('.tree > li > .tree-row .num >> nth=0').getAttribute('title'), exact(tops[0].retained_bytes));
		assert.equal(await page.locator('.tree > li >> nth=0 >> [role=group] > li').count(), tree.filter((one) => one.parent === 0).length);
		await page.focus('.tree li[tabindex="0"]');
		const lost = tree.findIndex((one) => one.what === 'lost');
		while (await page.evaluate(() => document.activeElement.dataset.id) !== String(lost))
			await page.keyboard.press('ArrowDown');
		await page.keyboard.press('ArrowRight');
		const below = tree.filter((one) => one.parent === lost);
		assert.equal(await page.locator(`[data-id="${lost}"] > ul > li`).count(), below.length);
		assert.match(await hashOf(page), new RegExp(`leaks.tree=0%2C${lost}`));
		await page.keyboard.press('ArrowRight');
		assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-level')), '2');
		await page.reload();
		await page.waitForSelector('html[data-ready]');
		assert.equal(await page.locator(`[data-id="${lost}"] > ul > li`).count(), below.length);
		await page.fill('#search', 'make_ring');
		await page.keyboard.press('Enter');
		assert.equal(await page.locator('.tree > li').count(), 1);
		assert.match(await text(page, '.tree'), /nothing: lost[^]*make_ring/);
		quiet();
		await close();
	});

	test('who holds it: holders by name, and into the tree', async (browser) => {
		const { page, close, quiet } = await open(browser, 'leaks', '#view=leaks&leaks.show=holders');
		const { holders } = json('leaks');
		assert.equal(await page.getAttribute('.grid', 'aria-rowcount'), String(holders.list.length + (holders.shared_blocks > 0) + (holders.lost_blocks > 0) + 1));
		assert.match(await text(page, '.grid'), /global middle in leaks_cxx/);
		await page.fill('#search', 'middle');
		await page.keyboard.press('Enter');
		assert.equal(await page.getAttribute('.grid', 'aria-rowcount'), '2');
		await page.fill('#search', '');
		await page.keyboard.press('Enter');
		await page.click('.grid-row:has-text("global middle")');
		await page.click('.grid-detail a:has-text("dominator tree")');
		const index = holders.tree.findIndex((one) => one.holder?.name === 'middle');
		assert.equal(await page.getAttribute(`[data-id="${index}"]`, 'aria-expanded'), 'true');
		quiet();
		await close();
	});

	test('no heap graph: the reason and the option', async (browser) => {
		const { page, close, quiet } = await open(browser, 'nograph', '#view=leaks');
		assert.match(await text(page, '.empty p'), /recorded without a heap graph .*--graph=exit/);
		quiet();
		await close();
	});
}
