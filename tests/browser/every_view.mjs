/* every_view.mjs - tests that every recording passes, for run.mjs: each view in two sizes and two colours, figures against the JSON report; and what a sample says. */
import assert from 'node:assert/strict';
import { TRACES } from './reports.mjs';

export function samples({ test, open, json, text, viewIds }) {
	test('a sample says so in every view, with estimates and their errors', async (browser) => {
		const { page, close, quiet } = await open(browser, 'sample');
		for (const id of await viewIds(page)) {
			await page.click(`.tabs a[data-view="${id}"]`);
			assert.match(await text(page, '.controls'), /A sample: one byte in 4,096/, id);
		}
		await page.click('.tabs a[data-view="overview"]');
		assert.match(await text(page, 'main'), /Alive at the end\s+~[\d.]+ MiB\s+\+-[\d.]+ KiB, in ~[\d,]+ \+-[\d,]+ blocks/);
		const peak = json('sample').sites.reduce((sum, site) => sum + Math.round(site.estimate.peak_bytes.value), 0);
		const total = await page.locator('#peak-title span').first().getAttribute('title');
		assert.equal(Number(/^~([\d,]+)/.exec(total)[1].replaceAll(',', '')), peak);
		const largest = json('sample').sites.map((site) => site.estimate.live_bytes.value).sort((a, b) => b - a)[0];
		await page.click('.tabs a[data-view="sites"]');
		const shown = await page.locator('main [title^="~"]').first().getAttribute('title');
		assert.equal(Number(/^~([\d,]+)/.exec(shown)[1].replaceAll(',', '')), Math.round(largest));
		quiet();
		await close();
	});
}

export function everyView({ test, open, text, viewIds, hashOf, overflow, unhacked }) {
	for (const name of TRACES)
		for (const [width, colorScheme] of [[1280, 'light'], [400, 'dark']])
			test(`views of ${name}, ${width} ${colorScheme}`, async (browser) => {
				const { page, close, quiet } = await open(browser, name, '', { viewport: { width, height: 800 }, colorScheme });
				for (const id of await viewIds(page)) {
					await page.click(`.tabs a[data-view="${id}"]`);
					assert.equal(await page.getAttribute('main', 'data-view'), id);
					assert.ok((await text(page, 'main')).length > 20, `${id} shows something`);
					if (await page.locator('main .empty').count())
						assert.ok((await text(page, 'main .empty p')).length > 20, `${id} says why it is empty`);
					assert.equal(await overflow(page), 0, `${id} is not wider than the screen`);
					assert.match(await hashOf(page), id === 'overview' ? /^#?$/ : new RegExp(`view=${id}`));
				}
				await unhacked(page);
				quiet();
				await close();
			});
}

export function figures({ test, json, data }) {
	for (const name of TRACES)
		test(`figures of ${name} equal the JSON report's`, async () => {
			const tables = data(name);
			const report = json(name);
			const totals = tables.totals.row();
			for (const key of ['allocations', 'frees', 'reallocations', 'allocated_bytes', 'freed_bytes', 'live_blocks', 'live_bytes', 'peak_bytes', 'peak_time_ns', 'peak_blocks', 'temporary_allocations'])
				assert.equal(totals[key], report.totals[key], key);
			assert.equal(tables.sites.rows, report.sites.length);
			const site = new Map(tables.sites.all().map((row) => [row.id, row]));
			for (const expected of report.sites)
				for (const key of ['allocations', 'reallocations', 'allocated_bytes', 'frees', 'live_blocks', 'live_bytes', 'peak_blocks', 'peak_bytes', 'own_peak_bytes', 'temporary_allocations'])
					assert.equal(site.get(expected.id)[key], expected[key], `site ${expected.id} ${key}`);
			for (const key of ['start_ns', 'min_live_bytes', 'max_live_bytes', 'last_live_bytes', 'blocks_begun', 'blocks_ended'])
				assert.deepEqual(Array.from(tables.timeline.column(key)), report.timeline[key], `timeline ${key}`);
			assert.equal(tables.findings.rows, report.findings.length);
			assert.deepEqual(tables.threads.all().map((thread) => thread.allocated_bytes), report.threads.map((thread) => thread.allocated_bytes));
			// Series by call path: at every step their levels add up to the whole.
			const cells = tables.timeline_by_site_cells;
			const sums = new Float64Array(tables.timeline.rows);
			for (const series of tables.timeline_by_site.all())
				for (let c = series.first_cell; c < series.first_cell + series.cell_count; c++) {
					const until = c + 1 < series.first_cell + series.cell_count ? cells.number('bucket', c + 1) : sums.length;
					for (let b = cells.number('bucket', c); b < until; b++)
						sums[b] += cells.number('last_live_bytes', c);
				}
			assert.deepEqual(Array.from(sums), report.timeline.last_live_bytes);
		});
}
