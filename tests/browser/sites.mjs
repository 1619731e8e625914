/* sites.mjs - tests of call paths, flame graph and timeline, for run.mjs. */
import assert from 'node:assert/strict';

export function sites({ test, open, json, text, hashOf }) {
	test('sites: sort and open by keyboard', async (browser) => {
		const { page, close, quiet } = await open(browser, 'jq', '#view=sites');
		const { sites } = json('jq');
		const by = (key) => Math.max(...sites.map((site) => site[key]));
		assert.equal(await page.locator('.grid-row >> nth=0 >> [role=gridcell] >> nth=2').getAttribute('title'), `${by('peak_bytes').toLocaleString('en-US')} B`);
		await page.click('.grid-head button:has-text("Allocated")');
		assert.equal(await page.locator('.grid-row >> nth=0 >> [role=gridcell] >> nth=5').getAttribute('title'), `${by('allocated_bytes').toLocaleString('en-US')} B`);
		await page.focus('.grid-row[tabindex="0"]');
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('Enter');
		await page.waitForSelector('.grid-detail .stack li');
		const largest = [...sites].sort((a, b) => b.allocated_bytes - a.allocated_bytes || a.id - b.id)[1];
		assert.equal(await page.locator('.grid-detail .stack li').count(), largest.stack.length);
		await page.keyboard.press('End');
		assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-rowindex')), String(sites.length + 1));
		quiet();
		await close();
	});

	test('flame graph: metrics, inversion, zoom by mouse and keyboard', async (browser) => {
		const { page, close, quiet } = await open(browser, 'jq', '#view=flame');
		const { totals } = json('jq');
		assert.ok((await text(page, '.flame-status')).includes(`${totals.peak_bytes.toLocaleString('en-US')} B`));
		await page.selectOption('#flame-metric', 'allocated');
		assert.ok((await text(page, '.flame-status')).includes(`${totals.allocated_bytes.toLocaleString('en-US')} B`));
		await page.selectOption('#flame-metric', 'moment');
		assert.match(await text(page, '.flame-status'), /Select a span of time/);
		await page.selectOption('#flame-metric', 'peak');
		await page.focus('.flame canvas');
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('Enter');
		assert.match(await text(page, '.crumbs'), /all call paths ›/);
		await page.keyboard.press('Escape');
		await page.keyboard.press('Escape');
		assert.equal(await text(page, '.crumbs'), '');
		await page.click('.flame button:has-text("Inverted")');
		assert.ok((await text(page, '.flame-status')).includes(`${totals.peak_bytes.toLocaleString('en-US')} B`));
		await page.locator('.flame canvas').click({ position: { x: 40, y: 28 } });
		assert.match(await text(page, '.crumbs'), /all call paths ›/);
		// What is drawn is not one colour.
		const colours = await page.evaluate(() => {
			const canvas = document.querySelector('.flame canvas');
			const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
			return new Set(Array.from({ length: pixels.length / 4 }, (unused, i) => `${pixels[4 * i]},${pixels[4 * i + 1]},${pixels[4 * i + 2]}`)).size;
		});
		assert.ok(colours > 5, `${colours} colours`);
		quiet();
		await close();
	});

	test('timeline: drag selects, groups stack', async (browser) => {
		const { page, close, quiet } = await open(browser, 'jq', '#view=timeline');
		await page.locator('.u-over').first().hover(); // waits until it stands still
		const box = await page.locator('.u-over').first().boundingBox();
		await page.mouse.move(box.x + box.width * 0.3, box.y + 60);
		await page.mouse.down();
		await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 4 });
		await page.mouse.up();
		assert.match(await hashOf(page), /from=[0-9]+&to=[0-9]+/);
		assert.match(await text(page, '.timeline .bar'), /selection: peak/);
		await page.selectOption('#timeline-group', 'module');
		assert.match(await text(page, '.chart-card'), /libjq/);
		quiet();
		await close();
	});

	test('the metric that a heap graph gives', async (browser) => {
		const { page, close, quiet } = await open(browser, 'leaks', '#view=flame&metric=leaked');
		const { leaks } = json('leaks');
		const lost = ['definite', 'indirect'].reduce((sum, kind) => sum + leaks[kind].bytes, 0);
		assert.ok(lost > 0);
		assert.ok((await text(page, '.flame-status')).includes(`${lost.toLocaleString('en-US')} B`), `${lost} in ${await text(page, '.flame-status')}`);
		quiet();
		await close();
	});
}
