/* snapshots.mjs - tests of snapshots, for run.mjs: against memscope-analyze --at, pins and what changed between two. */
import assert from 'node:assert/strict';
import { number } from './reports.mjs';

export function snapshots({ test, open, json, text, hashOf, stepsOf }) {
	for (const name of ['jq', 'window', 'cxx'])
		test(`snapshots of ${name} equal memscope-analyze --at`, async (browser) => {
			const { page, close, quiet } = await open(browser, name, '#view=snapshots');
			const steps = stepsOf(name);
			assert.equal(steps.length, 4);
			const rows = () => page.$$eval('.grid-row', (all) => all.map((row) => [...row.children].map((cell) => cell.title || cell.textContent)));
			for (const step of steps) {
				const at = json(`${name}@${step}`);
				await page.fill('.snap-slider', String(step));
				await page.waitForFunction((value) => document.querySelector('.snap-slider').value === value, String(step));
				const expected = at.sites.filter((site) => site.live_blocks).map((site) => [`#${site.id}`, `${number(site.live_bytes)} B`, number(site.live_blocks)]);
				const shown = at.sites.length ? await rows() : [];
				assert.equal(await page.locator('.snap-where .strong').nth(1).getAttribute('title'), `${number(at.totals.live_bytes)} B`, `step ${step}`);
				assert.equal(await page.getAttribute('.grid', 'aria-rowcount'), String(expected.length + 1), `step ${step}`);
				const wanted = new Map(expected.map(([id, live, blocks]) => [id, `${live} ${blocks}`]));
				assert.ok(shown.length > 0 || expected.length === 0);
				for (const row of shown) // those in sight: the rest is the same table
					assert.equal(`${row[2]} ${row[4]}`, wanted.get(row[1]), `site ${row[1]} at step ${step}`);
				assert.equal(expected.reduce((sum, row) => sum + Number(row[1].replace(/[, B]/g, '')), 0), at.totals.live_bytes);
			}
			quiet();
			await close();
		});

	test('snapshots: pins, what changed, the brush, the search', async (browser) => {
		const { page, close, quiet } = await open(browser, 'jq', '#view=snapshots');
		const [a, b] = stepsOf('jq');
		const live = (step) => new Map(json(`jq@${step}`).sites.filter((site) => site.live_blocks).map((site) => [site.id, site.live_bytes]));
		const [before, after] = [live(a), live(b)];
		assert.ok(await page.isDisabled('[data-mode=diff]'));
		await page.fill('.snap-slider', String(a));
		await page.click('button:has-text("Pin as A")');
		await page.fill('.snap-slider', String(b));
		await page.click('button:has-text("Pin as B")');
		const sums = await text(page, '.snap-sums');
		const ids = [...new Set([...before.keys(), ...after.keys()])];
		for (const [word, holds] of [
			['new', (id) => !before.has(id)], ['gone', (id) => !after.has(id)],
			['grown', (id) => before.has(id) && after.has(id) && after.get(id) > before.get(id)], ['shrunk', (id) => before.has(id) && after.has(id) && after.get(id) < before.get(id)],
		]) {
			const some = ids.filter(holds);
			assert.equal(sums.includes(word), some.length > 0, `${word} in ${sums}`);
			if (some.length)
				assert.match(sums, new RegExp(`(^|[^0-9,])${number(some.length)} ${word}`));
		}
		const net = ids.reduce((sum, id) => sum + (after.get(id) ?? 0) - (before.get(id) ?? 0), 0);
		assert.equal(await page.locator('.snap-sums span').first().getAttribute('title'), `${net < 0 ? '−' : net ? '+' : ''}${number(Math.abs(net))} B`);
		assert.match(await hashOf(page), /snapshots\.a=[0-9]+.*snapshots\.b=[0-9]+/);
		await page.keyboard.press('/');
		await page.keyboard.type('jv_string_sized');
		await page.waitForFunction(() => location.hash.includes('jv_string'));
		assert.notEqual(await text(page, '.snap-sums'), sums);
		await page.reload();
		await page.waitForSelector('html[data-ready]');
		assert.match(await text(page, '.snap-sums'), /match the search/);
		await page.click('button:has-text("Unpin")');
		assert.ok(await page.isDisabled('[data-mode=diff]'));
		const box = await page.locator('.strip-area').boundingBox();
		await page.mouse.move(box.x + box.width * 0.3, box.y + 20);
		await page.mouse.down();
		await page.mouse.move(box.x + box.width * 0.6, box.y + 20, { steps: 4 });
		await page.mouse.up();
		assert.match(await text(page, '.snap-bar'), /Pinned by the time selection/);
		quiet();
		await close();
	});
}
