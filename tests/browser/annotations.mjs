/* annotations.mjs - tests of the view of tasks, scopes, variables and pools, for run.mjs. */
import assert from 'node:assert/strict';

export function annotations({ test, open, json, data, text, hashOf }) {
	for (const name of ['annotated', 'tasks', 'jq'])
		test(`tasks, scopes, variables and pools of ${name} equal the JSON report's`, async () => {
			const tables = data(name);
			const report = json(name);
			for (const [kind, keys] of [['tasks', ['name', 'enters', 'inside_ns', 'allocated_bytes', 'freed_bytes', 'live_bytes', 'peak_bytes']], ['scopes', ['name', 'calls', 'inside_ns', 'allocated_bytes', 'live_bytes', 'peak_bytes']],
				['variables', ['name', 'type', 'tracks', 'blocks', 'live_bytes', 'peak_bytes', 'hand_overs']], ['pools', ['name', 'allocations', 'allocated_bytes', 'freed_bytes', 'peak_bytes', 'destroyed_bytes']]]) {
				assert.equal(tables[kind].rows, report[kind].count, kind);
				assert.equal(report[kind].list.length, report[kind].count, kind);
				for (const expected of report[kind].list)
					for (const key of keys)
						assert.equal(tables[kind].row(expected.id - 1)[key], expected[key] ?? '', `${kind} ${expected.id} ${key}`);
			}
			assert.equal(tables.tasks.all().reduce((sum, row) => sum + row.live_bytes, tables.annotations.number('tasks_outside_live_bytes', 0)), tables.tasks.rows ? report.totals.live_bytes : 0);
			for (const expected of report.variables.biographies) {
				const row = tables.biographies.row(expected.id - 1);
				assert.deepEqual(expected.events.map((event) => `${event.what} ${event.time_ns}`), Array.from({ length: row.event_count }, (_, i) => tables.variable_events.row(row.first_event + i)).map((event) => `${event.what} ${event.time_ns}`));
			}
		});

	test('annotations: tasks as a list and a tree, a biography, the pools', async (browser) => {
		const { page, close, quiet } = await open(browser, 'tasks', '#view=annotations');
		const report = json('tasks');
		const first = report.tasks.list[0];
		await page.waitForSelector('.annotations .grid-row');
		assert.ok((await text(page, '.annotations .grid-row')).includes(`#${first.id} ${first.name} [${first.key}]`));
		await page.click('.annotations .grid-row');
		assert.match(await text(page, '.annotations .detail'), new RegExp(`${first.allocated_bytes.toLocaleString('en-US')} B`));
		await page.click('.annotations [data-tree="true"]');
		assert.equal(await page.getAttribute('.annotations [data-tree="true"]', 'aria-pressed'), 'true');
		const parent = page.locator('.annotations [role="treeitem"][aria-expanded="false"]').first();
		await parent.locator('.tree-row').first().click();
		assert.ok(await page.locator('.annotations [aria-level="2"]').count() > 0, 'children of a task');
		quiet();
		await close();
		const other = await open(browser, 'annotated', '#view=annotations&annotations.show=variables');
		const life = other.page.locator('.annotations .grid').nth(1).locator('.grid-row').first();
		await life.click();
		assert.match(await text(other.page, '.annotations .life'), /born[^]*tracked[^]*freed/);
		await other.page.click('.annotations [data-show="pools"]');
		assert.match(await text(other.page, '.annotations .grid-row'), /arena/);
		assert.match(await hashOf(other.page), /annotations.show=pools/);
		other.quiet();
		await other.close();
	});
}
