/* findings.mjs - tests of findings, for run.mjs: stacks, bytes, suppressions, other runs. */
import assert from 'node:assert/strict';

export function findings({ test, open, json, text, overflow, suppressionsOf }) {
	for (const name of ['zoo', 'leaks', 'both'])
		test(`findings of ${name}: stacks, bytes and suppression of every one`, async (browser) => {
			const report = json(name);
			const expected = suppressionsOf(name);
			const { page, close, quiet } = await open(browser, name, `#view=findings&findings.kind=all&findings.open=${report.findings.map((one) => one.id).join(',')}`);
			assert.equal(await page.locator('.finding').count(), report.findings.length);
			assert.equal(expected.size, new Set(report.findings.map((one) => one.fingerprint)).size);
			for (const one of report.findings) {
				const card = page.locator(`.finding[data-finding="${one.id}"]`);
				assert.ok((await card.locator('summary').first().innerText()).includes(one.message));
				assert.equal(await card.locator('.snippet').textContent(), expected.get(one.fingerprint), one.fingerprint);
				assert.equal(await card.locator('.stack li').count(), [one.stacks.error, one.stacks.allocation, one.block?.freed || !one.block ? one.stacks.free : []].reduce((sum, stack) => sum + (stack?.length ?? 0), 0), `stacks of ${one.id}`);
				if (!one.bytes)
					continue;
				const cells = card.locator('.bytes td.changed, .bytes td.kept');
				assert.equal((await cells.allTextContents()).join(''), one.bytes.found, `bytes of ${one.id}`);
				const wrong = one.bytes.found.match(/../g).filter((byte) => parseInt(byte, 16) !== one.bytes.expected);
				assert.deepEqual(await card.locator('.bytes td.changed').allTextContents(), wrong);
				assert.equal(await card.locator('.bytes td.touched').count() > 0, true);
			}
			assert.equal(await overflow(page), 0);
			quiet();
			await close();
		});

	test('findings: cards open by keyboard, brush and search filter, the snippet is copied', async (browser) => {
		const { page, close, quiet } = await open(browser, 'zoo', '#view=findings');
		const { findings, trace } = json('zoo');
		const errors = findings.filter((one) => !one.kind.startsWith('leak-'));
		assert.equal(await page.locator('.finding').count(), errors.length);
		assert.equal(await page.locator('.finding[open]').count(), 1);
		await page.focus('.finding >> nth=1 >> summary');
		await page.keyboard.press('Enter');
		await page.waitForSelector('.finding >> nth=1 >> .three-stacks');
		await page.waitForFunction(() => /findings.open=1%2C2/.test(location.hash));
		await page.click('.finding >> nth=0 >> summary:has-text("Suppression")');
		await page.click('.finding >> nth=0 >> button:has-text("Copy")');
		assert.match(await text(page, '.finding [role=status]:not(:empty)'), /copied|selected/);
		await page.fill('#search', 'memcpy');
		await page.keyboard.press('Enter');
		assert.ok(await page.locator('.finding').count() < errors.length);
		await page.fill('#search', `size:${errors[0].block.size}`);
		await page.keyboard.press('Enter');
		assert.equal(await page.locator('.finding').count(), errors.filter((one) => one.block.size === errors[0].block.size).length);
		await page.fill('#search', '');
		await page.keyboard.press('Enter');
		await page.evaluate((to) => { location.hash = `#view=findings&from=0&to=${to}`; }, Math.floor(errors[0].window.from_ns / 4));
		await page.waitForSelector('main:has-text("No finding matches")');
		assert.ok(trace.duration_ns > errors[0].window.from_ns / 4);
		quiet();
		await close();
	});

	test('findings: of the other run, and detectors that could not see', async (browser) => {
		const { page, close, quiet } = await open(browser, 'both', '#view=findings');
		const { findings, verdict } = json('both');
		assert.match(await text(page, '.banner'), new RegExp(verdict.companion.replaceAll('.', '\\.')));
		assert.equal(await page.locator('.finding > summary .tag:text("in both runs")').count(), findings.filter((one) => one.in_both_runs).length);
		assert.ok(findings.some((one) => one.run === 2), 'some finding is of the second run alone');
		assert.equal(await page.locator('.finding > summary .tag:text("in the second run")').count(), findings.filter((one) => one.run === 2 && !one.in_both_runs).length);
		const other = findings.find((one) => one.run === 2);
		await page.evaluate((id) => { location.hash = `#view=findings&findings.open=${id}`; }, other.id);
		await page.waitForSelector(`.finding[data-finding="${other.id}"] .three-stacks`);
		assert.match(await text(page, `.finding[data-finding="${other.id}"] .three-stacks`), new RegExp(`in thread ${other.thread.tid}`));
		quiet();
		await close();
		const without = await open(browser, 'jq', '#view=findings');
		assert.match(await text(without.page, 'main'), /overflow not observable: record with --guard/);
		without.quiet();
		await without.close();
	});
}
