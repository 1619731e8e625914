/*
 * run.mjs - opens the reports that run.sh made in a browser: node run.mjs BROWSER FOLDER-OF-NODE-MODULES FOLDER-OF-REPORTS [WORD: only tests
 * with it in their names].
 *
 * Prints "ok NAME" or "FAIL NAME: why" per test. A test gets a page of its own, without network; whatever the page says on its console as a
 * warning or an error, whatever it throws and whatever it asks a network for fails the test.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import assert from 'node:assert/strict';
import { decode } from '../../render/html/src/data.js';
import { comparisons } from './compare.mjs';

const [program, modules, folder] = process.argv.slice(2).map((path) => resolve(path));
const { chromium } = createRequire(join(modules, 'x.js'))('playwright-core');
const TRACES = ['jq', 'threads', 'cxx', 'redis', 'zoo', 'leaks', 'both', 'nograph', 'annotated', 'tasks', 'empty', 'sample', 'hostile', 'window', 'cut'];
const tests = [];
const test = (name, run) => tests.push({ name, run });

const json = (name) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
const html = (name) => readFileSync(join(folder, `${name}.html`), 'utf8');

function data(name) {
	const packed = /<script type="application\/octet-stream" id="data">([^<]*)<\/script>/.exec(html(name))[1];
	const bytes = gunzipSync(Buffer.from(packed, 'base64'));
	return decode(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

async function open(browser, name, hash = '', options = {}) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, offline: true, reducedMotion: 'reduce', ...options });
	const page = await context.newPage();
	const said = [];
	page.on('console', (message) => ['error', 'warning'].includes(message.type()) && said.push(message.text()));
	page.on('pageerror', (error) => said.push(String(error)));
	page.on('request', (request) => /^(file|data|blob):/.test(request.url()) || said.push(`asked for ${request.url()}`));
	await page.goto(`${pathToFileURL(join(folder, `${name}.html`))}${hash}`);
	await page.waitForSelector('html[data-ready]', { timeout: 20000 });
	return { page, said, close: () => context.close(), quiet: () => assert.deepEqual(said, []) };
}

const text = (page, selector) => page.locator(selector).first().innerText();
const viewIds = (page) => page.$$eval('.tabs a', (links) => links.map((link) => link.dataset.view));
const hashOf = (page) => page.evaluate(() => location.hash);
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
const unhacked = async (page) => assert.equal(await page.evaluate(() => typeof window.hacked), 'undefined');

/* ---- samples ---------------------------------------------------------------------------------------------------------------- */

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

/* ---- every view of every report, in two sizes and two colours -------------------------------------------------------------- */

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

/* ---- figures ---------------------------------------------------------------------------------------------------------------- */

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

test('the overview shows the exact totals', async (browser) => {
	const { page, close, quiet } = await open(browser, 'jq');
	const { totals } = json('jq');
	const shown = await page.$$eval('.figure .value', (values) => values.map((value) => value.title));
	for (const key of ['peak_bytes', 'live_bytes', 'allocated_bytes', 'freed_bytes'])
		assert.ok(shown.includes(`${totals[key].toLocaleString('en-US')} B`), `${key} ${totals[key]} among ${shown}`);
	assert.match(await text(page, '.banner'), /complete: every event from start to end is in the trace/);
	quiet();
	await close();
});

test('what is wrong with a trace stands first', async (browser) => {
	const { page, close, quiet } = await open(browser, 'cut');
	assert.match(await text(page, 'main > * > *'), /truncated: the record ends before the program did/);
	assert.equal(await page.locator('.banner.good').count(), 0);
	quiet();
	await close();
});

test('the verdict has the words of the text report', async (browser) => {
	const { page, close, quiet } = await open(browser, 'zoo');
	assert.match(await text(page, '.verdict'), /heap errors: [0-9]+ errors: [0-9]+ heap-overflow/);
	quiet();
	await close();
});

/* ---- brush, search, links ------------------------------------------------------------------------------------------------------ */

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

/* ---- single views ---------------------------------------------------------------------------------------------------------------- */

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

/* ---- leaks and retention ------------------------------------------------------------------------------------------------------------------ */

const number = (value) => value.toLocaleString('en-US');
const exact = (value) => `${number(value)} B`;

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

/* ---- findings ----------------------------------------------------------------------------------------------------------------------------- */

/* Suppressions of a file by the fingerprint that each begins with. */
function suppressionsOf(name) {
	return new Map([...readFileSync(join(folder, `${name}.supp`), 'utf8').matchAll(/^\{\n   (\S+)\n[^]*?^\}\n/gm)].map((one) => [one[1], one[0]]));
}

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

/* ---- threads, process ------------------------------------------------------------------------------------------------------------------------ */

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

/* ---- sizes, address space, system, snapshots ------------------------------------------------------------------------------------------ */

const english = (value) => value.toLocaleString('en-US');

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
	assert.ok(said.includes(`${english(sizes[0].blocks)} block`) && said.includes(`${english(sizes[0].bytes)} B`), said);
	await bars.nth(1).focus();
	await page.keyboard.press('End');
	assert.ok((await page.locator('.bars-line').nth(1).innerText()).includes(`${english(lifetimes.at(-1).bytes)} B`));
	assert.equal(await page.locator('.bars').nth(0).locator('.bar-mark').count(), Math.log2(sizes.at(-1).max_bytes + 1) - (sizes[0].max_bytes ? Math.log2(sizes[0].max_bytes + 1) : 0) + 1);
	// The smallest size that lived shortest: one cell of the map.
	await page.locator('.heat canvas').focus();
	await page.keyboard.press('ArrowDown');
	const first = cells.filter((cell) => cell.min_bytes === sizes[0].min_bytes && cell.min_ns === lifetimes[0].min_ns).reduce((sum, cell) => sum + cell.blocks, 0);
	assert.match(await text(page, '.heat .bars-line'), first ? new RegExp(`${english(first)} block`) : /: none/);
	const slack = sizes.reduce((sum, row) => sum + row.usable_bytes - row.bytes, 0);
	assert.equal(await page.locator('.slack [role=status]').getAttribute('title'), `${english(slack)} B`);
	await page.click('.slack button:has-text("Alive at the end")');
	const alive = sizes.reduce((sum, row) => sum + row.live_usable_bytes - row.live_bytes, 0);
	assert.equal(await page.locator('.slack [role=status]').getAttribute('title'), totals.live_blocks ? `${english(alive)} B` : '0 B');
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
	assert.ok((await shown()).includes(`${english(most.live_bytes)} B`));
	await page.focus('.address input[type=range]');
	await page.keyboard.press('End');
	assert.ok((await shown()).includes(`${english(space.moments.at(-1).live_bytes)} B`));
	assert.ok((await shown()).includes(`${english(space.moments.at(-1).occupied_pages * 4096)} B`));
	// A selection that ends just behind a moment shows that one: the first at which something was alive.
	const first = space.moments.findIndex((one) => one.live_bytes > 0);
	await page.goto(`${page.url().replace(/#.*/, '')}#view=address&from=0&to=${Math.min(trace.duration_ns, space.moments[first].time_ns + Math.ceil(trace.duration_ns / 400))}`);
	await page.waitForFunction((number) => document.querySelector('.snap-where').textContent.includes(`moment ${number} of`), first + 1);
	assert.ok((await shown()).includes(`${english(space.moments[first].live_bytes)} B`));
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

for (const name of ['jq', 'window', 'cxx'])
	test(`snapshots of ${name} equal memscope-analyze --at`, async (browser) => {
		const { page, close, quiet } = await open(browser, name, '#view=snapshots');
		const steps = readdirSync(folder).map((file) => new RegExp(`^${name}@([0-9]+)\\.json$`).exec(file)).filter(Boolean).map((match) => Number(match[1]));
		assert.equal(steps.length, 4);
		const rows = () => page.$$eval('.grid-row', (all) => all.map((row) => [...row.children].map((cell) => cell.title || cell.textContent)));
		for (const step of steps) {
			const at = json(`${name}@${step}`);
			await page.fill('.snap-slider', String(step));
			await page.waitForFunction((value) => document.querySelector('.snap-slider').value === value, String(step));
			const expected = at.sites.filter((site) => site.live_blocks).map((site) => [`#${site.id}`, `${english(site.live_bytes)} B`, english(site.live_blocks)]);
			const shown = at.sites.length ? await rows() : [];
			assert.equal(await page.locator('.snap-where .strong').nth(1).getAttribute('title'), `${english(at.totals.live_bytes)} B`, `step ${step}`);
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
	const [a, b] = readdirSync(folder).map((file) => /^jq@([0-9]+)\.json$/.exec(file)).filter(Boolean).map((match) => Number(match[1])).sort((x, y) => x - y).slice(0, 2);
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
			assert.match(sums, new RegExp(`(^|[^0-9,])${english(some.length)} ${word}`));
	}
	const net = ids.reduce((sum, id) => sum + (after.get(id) ?? 0) - (before.get(id) ?? 0), 0);
	assert.equal(await page.locator('.snap-sums span').first().getAttribute('title'), `${net < 0 ? '−' : net ? '+' : ''}${english(Math.abs(net))} B`);
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

/* ---- large reports ------------------------------------------------------------------------------------------------------------------------ */

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
	assert.equal(await page.locator('.snap-sums span').nth(1).getAttribute('title'), `${english(report.timeline.last_live_bytes[200])} B`);
	assert.match(await text(page, '.grid-row'), new RegExp(`${english(group.merged)} small call paths that share one series`));
	await page.goto(`${page.url().replace(/#.*/, '')}#view=sites&from=0&to=${report.timeline.start_ns[100]}`);
	await page.waitForSelector('.sites');
	assert.match(await text(page, '.sites .bar'), new RegExp(`Without ${english(group.merged)} small call paths`));
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
	assert.equal(await page.locator('.overview .card h2 span').first().getAttribute('title'), `${english(report.timeline.last_live_bytes[99])} B`);
	quiet();
	await close();
});

/* ---- hostile names, paths, policy ---------------------------------------------------------------------------------------------------- */

test('hostile names are text', async (browser) => {
	const { page, close, quiet } = await open(browser, 'hostile');
	assert.ok((await text(page, 'h1')).includes('<script>hacked=3</script>'));
	assert.ok((await page.title()).includes('<script>'));
	await page.click('.tabs a[data-view="sites"]');
	assert.match(await page.content(), /&lt;script&gt;hacked=1/);
	assert.equal(await page.locator('img').count(), 0);
	await unhacked(page);
	quiet();
	await close();
});

test('hostile names are text in findings, suppressions, who holds what and modules', async (browser) => {
	const { page, close, quiet } = await open(browser, 'hostile_zoo', '#view=findings');
	assert.ok((await text(page, '.three-stacks')).includes('<svg onload=hacked=5>'));
	assert.ok(await page.locator('.finding').count() > 1);
	for (const hash of ['#view=leaks&leaks.show=holders', '#view=leaks&leaks.show=tree', '#view=leaks&leaks.kind=all', '#view=process', '#view=threads']) {
		await page.evaluate((to) => { location.hash = to; }, hash);
		await page.waitForSelector(`main[data-view="${/view=([a-z]+)/.exec(hash)[1]}"]`);
	}
	await page.evaluate(() => { location.hash = '#view=process'; });
	assert.match(await text(page, '.loaded'), /<script>hacked=1<.*<svg onload=hacked=5>/);
	assert.equal(await page.locator('main img, main script, main svg[onload]').count(), 0);
	await unhacked(page);
	quiet();
	await close();
});

test('--no-paths leaves no directory', async () => {
	const tables = data('stripped');
	for (const [table, column] of [['lines', 'file'], ['lines', 'module'], ['modules', 'module'], ['process', 'executable'], ['process', 'working_directory'], ['command', 'text'], ['trace', 'file'], ['loaded', 'module'], ['holders', 'path'], ['holders', 'module'], ['boundaries', 'from']])
		for (const row of tables[table].all())
			assert.ok(!/.\/./.test(row[column]), `${table}.${column}: ${row[column]}`);
	assert.ok(!html('stripped').includes(folder));
});

test('the policy allows nothing but the page itself', async (browser) => {
	const { page, said, close } = await open(browser, 'jq');
	const policy = await page.getAttribute('meta[http-equiv="Content-Security-Policy"]', 'content');
	assert.match(policy, /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+';/);
	assert.ok(!policy.includes('unsafe'));
	await page.evaluate(() => {
		const script = document.createElement('script');
		script.textContent = 'window.hacked = 4';
		document.body.append(script);
	});
	await unhacked(page);
	assert.ok(said.some((line) => line.includes('Content Security Policy')), String(said));
	await close();
});

comparisons({ test, open, json, data, html, text, viewIds, hashOf, overflow, unhacked });

/* ---- run --------------------------------------------------------------------------------------------------------------------------------- */

const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu'] }).catch((error) => {
	console.log(`FAIL the browser starts: ${error.message}`);
	process.exit(1);
});
let failed = 0;
for (const { name, run } of tests.filter((one) => one.name.includes(process.argv[5] ?? ''))) {
	try {
		await run(browser);
		console.log(`ok ${name}`);
	} catch (error) {
		failed++;
		console.log(`FAIL ${name}: ${error.message.replaceAll('\n', '\n    ')}\n    ${error.stack.split('\n').find((line) => line.includes('run.mjs:')) ?? ''}`);
		await Promise.all(browser.contexts().map((context) => context.close()));
	}
}
await browser.close();
process.exit(failed ? 1 : 0);
