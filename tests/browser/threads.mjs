/* threads.mjs - tests of threads and of the process, for run.mjs. */
import assert from 'node:assert/strict';
import { number, exact } from './reports.mjs';

export function threads({ test, open, json, text, hashOf }) {
	test('threads: ledgers, matrix and brush', async (browser) => {
		const { page, close, quiet } = await open(browser, 'threads', '#view=threads');
		const { threads, safety, trace } = json('threads');
		assert.equal(await page.getAttribute('.grid', 'aria-rowcount'), String(threads.length + 1));
		const most = Math.max(...threads.map((thread) => thread.allocated_bytes));
		assert.equal(await page.locator('.grid-row >> nth=0 >> [role=gridcell] >> nth=3').getAttribute('title'), exact(most));
		assert.match(await text(page, '.threads .bar'), new RegExp(`${number(threads.reduce((sum, one) => sum + one.ended_others.blocks, 0))} remote frees`));
		const sum = async () => (await page.locator('.matrix td:not(.shade-own)').evaluateAll((cells) => cells.map((cell) => /: ([0-9,]+) blocks?, ([0-9,]+) B/.exec(cell.title).slice(1).map((part) => Number(part.replaceAll(',', ''))))))
			.reduce((all, [blocks, bytes]) => [all[0] + blocks, all[1] + bytes], [0, 0]);
		const whole = safety.handovers.reduce((all, one) => [all[0] + one.blocks, all[1] + one.bytes], [0, 0]);
		assert.ok(whole[0] > 100);
		assert.deepEqual(await sum(), whole);
		await page.click('button:has-text("Bytes")');
		assert.match(await hashOf(page), /threads.by=bytes/);
		const one = safety.handovers[0];
		await page.fill('#search', `thread:${one.from_thread}`);
		await page.keyboard.press('Enter');
		assert.deepEqual(await sum(), safety.handovers.filter((pair) => [pair.from_thread, pair.to_thread].includes(one.from_thread)).reduce((all, pair) => [all[0] + pair.blocks, all[1] + pair.bytes], [0, 0]));
		await page.fill('#search', '');
		await page.keyboard.press('Enter');
		const line = await text(page, '.threads .bar');
		await page.evaluate((to) => { location.hash = `#view=threads&from=0&to=${to}`; }, Math.floor(trace.duration_ns / 2));
		await page.waitForSelector('.threads .tag:has-text("selected time")');
		assert.notEqual(await text(page, '.threads .bar'), line);
		assert.match(await text(page, 'main'), safety.boundaries.length ? /allocated in/i : /None among/);
		quiet();
		await close();
	});

	test('threads: what needs stacks of frees says so', async (browser) => {
		const { page, close, quiet } = await open(browser, 'cxx', '#view=threads');
		assert.match(await text(page, 'main'), /Not observable: stacks of frees .*--free-stacks/);
		quiet();
		await close();
	});

	test('process: command, options, losses, modules with build-ids', async (browser) => {
		const { page, close, quiet } = await open(browser, 'zoo', '#view=process');
		const report = json('zoo');
		const shown = await text(page, 'main');
		for (const words of [...report.trace.command, report.trace.recorder_options.join(' '), report.trace.working_directory, report.trace.allocator, `exited with status ${report.trace.exit_code}`])
			assert.ok(shown.includes(words), words);
		const ids = await page.locator('.build-id').allInnerTexts();
		assert.deepEqual(ids.map((id) => id.split('\n')[0]), [...new Set(report.loaded.map((one) => one.build_id ?? 'no build-id'))]);
		assert.match(shown, new RegExp(`${report.trace.lost_events}\\s+events lost`));
		const some = report.loaded.find((one) => one.build_id);
		await page.fill('#search', some.build_id);
		await page.keyboard.press('Enter');
		assert.equal(await page.locator('.build-id').count(), 1);
		quiet();
		await close();
		const cut = await open(browser, 'cut', '#view=process');
		assert.match(await text(cut.page, 'main'), /truncated: the record ends before the program did/);
		assert.match(await text(cut.page, 'main'), /end not recorded/);
		cut.quiet();
		await cut.close();
	});
}
