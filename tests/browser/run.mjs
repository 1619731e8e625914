/*
 * run.mjs - opens the reports that run.sh made in a browser: node run.mjs BROWSER FOLDER-OF-NODE-MODULES FOLDER-OF-REPORTS.
 *
 * Prints "ok NAME" or "FAIL NAME: why" per test. A test gets a page of its own, without network; whatever the page says on its console as a
 * warning or an error, whatever it throws and whatever it asks a network for fails the test.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import assert from 'node:assert/strict';
import { decode } from '../../render/html/src/data.js';

const [program, modules, folder] = process.argv.slice(2).map((path) => resolve(path));
const { chromium } = createRequire(join(modules, 'x.js'))('playwright-core');
const TRACES = ['jq', 'threads', 'cxx', 'redis', 'zoo', 'leaks', 'empty', 'hostile', 'window', 'cut'];
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

test('--no-paths leaves no directory', async () => {
	const tables = data('stripped');
	for (const [table, column] of [['lines', 'file'], ['lines', 'module'], ['modules', 'module'], ['process', 'executable'], ['process', 'working_directory'], ['command', 'text'], ['trace', 'file']])
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

/* ---- run --------------------------------------------------------------------------------------------------------------------------------- */

const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu'] }).catch((error) => {
	console.log(`FAIL the browser starts: ${error.message}`);
	process.exit(1);
});
let failed = 0;
for (const { name, run } of tests) {
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
