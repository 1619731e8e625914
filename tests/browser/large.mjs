/* large.mjs - tests of a report of ten million events, for run.mjs. */
import assert from 'node:assert/strict';
import { number } from './reports.mjs';

export function large({ test, open, json, data, html, text }) {
	test('a large report stays small, and nothing of its sums is lost', async (browser) => {
		const tables = data('large');
		const report = json('large');
		assert.ok(html('large').length < 20e6, `${html('large').length} bytes`);
		const group = tables.timeline_groups.all().find((one) => one.name === 'site');
		assert.equal(tables.timeline_by_site.rows, tables.sites.rows - group.merged + 1);
		assert.ok(group.merged > 0);
		// Levels at the end of each step and traffic of all series together.
		const cells = tables.timeline_by_site_cells;
		const [bucket, last] = ['bucket', 'last_live_bytes'].map((column) => cells.column(column));
		const change = new Float64Array(tables.timeline.rows);
		for (const series of tables.timeline_by_site.all())
			for (let c = series.first_cell; c < series.first_cell + series.cell_count; c++)
				change[bucket[c]] += last[c] - (c > series.first_cell ? last[c - 1] : 0);
		let level = 0;
		assert.deepEqual(Array.from(change, (value) => (level += value)), report.timeline.last_live_bytes);
		const sum = (column) => cells.column(column).reduce((all, value) => all + value, 0);
		assert.equal(sum('allocated_bytes'), report.totals.allocated_bytes);
		assert.equal(sum('freed_bytes'), report.totals.freed_bytes);
		assert.equal(sum('allocations'), report.totals.allocations + report.totals.reallocations);
		const { page, close, quiet } = await open(browser, 'large', `#view=snapshots&snapshots.at=${report.timeline.start_ns[200]}`);
		assert.equal(await page.locator('.snap-sums span').nth(1).getAttribute('title'), `${number(report.timeline.last_live_bytes[200])} B`);
		assert.match(await text(page, '.grid-row'), new RegExp(`${number(group.merged)} small call paths that share one series`));
		await page.goto(`${page.url().replace(/#.*/, '')}#view=sites&from=0&to=${report.timeline.start_ns[100]}`);
		await page.waitForSelector('.sites');
		assert.match(await text(page, '.sites .bar'), new RegExp(`Without ${number(group.merged)} small call paths`));
		// One that shares the series has no curve, and says why; one that has its own has a curve.
		const own = new Set(tables.timeline_by_site.column('key'));
		for (const [wanted, pattern] of [[true, /alive over the run/], [false, /How it went over time is not in this page/]]) {
			await page.goto(`${page.url().replace(/#.*/, '')}#view=sites&q=site:${tables.sites.all().find((one) => own.has(one.id) === wanted).id}`);
			await page.waitForFunction(() => document.querySelectorAll('.grid-row').length === 1);
			assert.match(await text(page, '.grid-detail'), pattern);
		}
		await page.goto(`${page.url().replace(/#.*/, '')}#view=sites&from=0&to=${report.timeline.start_ns[100]}`);
		await page.click('.tabs a[data-view="overview"]');
		assert.ok((await text(page, '.overview .card h2')).startsWith('What was alive at the end of the selection'));
		assert.equal(await page.locator('.overview .card h2 span').first().getAttribute('title'), `${number(report.timeline.last_live_bytes[99])} B`);
		quiet();
		await close();
	});
}
