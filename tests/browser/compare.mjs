/* compare.mjs - the tests of comparisons, for run.mjs: the reports diff-*.html that run.sh made of two sides, against the JSON of the same run. */
import assert from 'node:assert/strict';
import { number } from './reports.mjs';

const NAMES = ['jq', 'several', 'moved', 'findings', 'marks', 'threads', 'moments', 'windows', 'same', 'empty', 'hostile', 'cut'].map((name) => `diff-${name}`);
const CHANGES = ['same', 'grown', 'shrunk', 'new', 'gone', 'noise'];

/* {median, min, max} and change of the JSON against columns of a row whose names begin with prefix. */
function sameValue(row, prefix, expected, several, what) {
	for (const side of ['old', 'new']) {
		assert.equal(row[`${prefix}${side}`], expected[side].median, `${what} ${side}`);
		for (const end of several ? ['min', 'max'] : [])
			assert.equal(row[`${prefix}${side}_${end}`], expected[side][end], `${what} ${side} ${end}`);
		assert.equal(`${prefix}${side}_min` in row, several, `${what}: a band`);
	}
	assert.equal(CHANGES[row[`${prefix}change`]], expected.change, `${what} change`);
}

export function comparisons({ test, open, json, data, html, text, viewIds, hashOf, overflow, unhacked }) {
	for (const name of NAMES)
		for (const [width, colorScheme] of [[1280, 'dark'], [400, 'light']])
			test(`views of ${name}, ${width} ${colorScheme}`, async (browser) => {
				const { page, close, quiet } = await open(browser, name, '', { viewport: { width, height: 800 }, colorScheme });
				const ids = await viewIds(page);
				assert.ok(ids.length >= 7, String(ids));
				for (const id of ids) {
					await page.click(`.tabs a[data-view="${id}"]`);
					assert.equal(await page.getAttribute('main', 'data-view'), id);
					assert.ok((await text(page, 'main')).length > 20, `${id} shows something`);
					assert.equal(await overflow(page), 0, `${id} is not wider than the screen`);
				}
				await unhacked(page);
				quiet();
				await close();
			});

	for (const name of NAMES)
		test(`figures of ${name} equal the JSON`, async () => {
			const tables = data(name);
			const diff = json(name);
			const info = tables.diff.row();
			const several = diff.old.runs.length + diff.new.runs.length > 2;
			assert.equal(!!info.several, several);
			for (const [column, key] of [['paths_old', 'old'], ['paths_new', 'new'], ['paths_unchanged', 'unchanged'], ['changed', 'changed'], ['paths_fuzzy', 'paired_by_similar_names']])
				assert.equal(info[column], diff.call_paths[key], column);
			assert.equal(!!info.templates_ignored, diff.call_paths.templates_ignored);
			assert.equal(!!info.programs_differ, diff.programs_differ);
			assert.equal(!!info.same_recording, diff.same_recording);
			assert.equal(info.ranked_by, diff.ranked_by);
			assert.equal(tables.diff_totals.rows, diff.totals.length);
			diff.totals.forEach((total, i) => {
				const row = tables.diff_totals.row(i);
				assert.equal(row.name, total.name);
				assert.equal(!!row.observable, total.observable, total.name);
				if (total.observable)
					sameValue(row, '', total, several, total.name);
			});
			diff.metrics.forEach((metric, i) => {
				const row = tables.diff_metrics.row(i);
				assert.equal(row.name, metric.name);
				assert.equal(!!row.observable, metric.observable);
				for (const change of metric.observable ? CHANGES.slice(1) : []) {
					assert.equal(row[`${change}_paths`], metric[change].call_paths, `${metric.name} ${change}`);
					assert.equal(row[`${change}_amount`], metric[change].amount, `${metric.name} ${change}`);
				}
			});
			const places = tables.diff_places.all();
			const byRank = new Map(places.map((place, i) => [place.rank, i]).filter(([rank]) => rank));
			assert.equal(byRank.size, diff.changes.length);
			const stack = (node) => {
				const lines = [];
				for (let n = node; n; n = tables.nodes.number('parent', n))
					for (let i = 0; i < tables.nodes.number('line_count', n); i++)
						lines.push(tables.lines.text('function', tables.nodes.number('first_line', n) + i));
				return lines;
			};
			diff.changes.forEach((change, i) => {
				const at = byRank.get(i + 1);
				const row = tables.diff_rows.row(at);
				assert.equal(diff.metrics[places[at].metric].name, change.metric);
				assert.equal(CHANGES[places[at].change], change.change);
				assert.equal(tables.diff_pairings.text('name', row.pairing), change.pairing);
				assert.equal(row.edits, change.edits);
				for (const [metric, value] of Object.entries(change.metrics))
					sameValue(row, `${metric}.`, value, several, `change ${i + 1} ${metric}`);
				for (const side of ['old', 'new']) {
					assert.equal(row[`${side}_paths`], change[side]?.call_paths ?? 0);
					assert.deepEqual(stack(places[at][`${side}_node`]), change[side] ? change[side].stack.map((line) => line.function ?? '') : [], `stack of change ${i + 1} ${side}`);
				}
			});
			// Unchanged call paths are there, too: what all of them add up to is the total.
			for (const metric of several ? [] : ['peak', 'allocated-bytes', 'allocations'])
				for (const side of ['old', 'new'])
					assert.equal(tables.diff_rows.column(`${metric}.${side}`).reduce((sum, value) => sum + value, 0), diff.totals.find((total) => total.name === metric)[side].median, `sum of ${metric} ${side}`);
			const findings = tables.findings.all();
			const lists = tables.diff_findings.all();
			for (const list of ['new', 'fixed']) {
				const mine = findings.filter((finding, i) => lists[i].list === list);
				assert.deepEqual(mine.map((finding) => [finding.kind, finding.fingerprint, finding.message]), diff.findings[list].map((finding) => [finding.kind, finding.fingerprint, finding.message]));
				mine.forEach((finding, i) => assert.deepEqual(stack(finding.allocation_node), (diff.findings[list][i].allocation ?? []).map((line) => line.function ?? ''), `finding ${i}`));
			}
			assert.equal(info.common_findings, diff.findings.common);
			assert.deepEqual(tables.diff_not_observable.all().map((row) => row.name), diff.findings.not_observable);
			assert.equal(tables.diff_threads.rows, diff.threads.length);
			diff.threads.forEach((thread, i) => {
				for (const key of ['threads', 'allocations', 'allocated_bytes', 'live_bytes', 'temporary_allocations'])
					sameValue(tables.diff_threads.row(i), `${key}.`, thread[key], several, `thread ${thread.name} ${key}`);
			});
			assert.deepEqual(tables.diff_conditions.all().map((row) => [row.expression, ['fails', 'holds', 'unknown'][row.verdict], row.found]), diff.conditions.map((row) => [row.expression, row.verdict, row.found]));
			for (const side of ['old', 'new'])
				diff.timeline[`${side}_runs`].forEach((run, i) => {
					for (const [column, key] of [['start_ns', 'start_ns'], ['max_live_bytes', 'max_live_bytes'], ['min_live_bytes', 'min_live_bytes'], ['blocks_begun', 'allocations'], ['blocks_ended', 'frees']])
						assert.deepEqual(Array.from(tables[`${side}${i}.timeline`].column(column)), run.buckets.map((bucket) => bucket[key]), `${side} ${i} ${column}`);
					assert.equal(tables[`${side}${i}.totals`].number('peak_bytes', 0), run.peak_bytes);
				});
		});

	test('comparison: the overview has the verdict, exact totals, conditions and what speaks against it', async (browser) => {
		const { page, close, quiet } = await open(browser, 'diff-jq');
		const diff = json('diff-jq');
		assert.match(await text(page, '.banner'), new RegExp(`Differences: ${number(diff.call_paths.changed)} call paths changed`));
		assert.equal(await page.locator('.banner.error').count(), 1, 'a condition holds');
		const shown = await page.$$eval('.figure .value', (values) => values.map((value) => value.title));
		for (const name of ['peak', 'live-bytes', 'allocated-bytes'])
			assert.ok(shown.includes(`${number(diff.totals.find((total) => total.name === name).new.median)} B`), `${name} among ${shown}`);
		const cells = await page.$$eval('.totals td.num', (all) => all.map((cell) => cell.title));
		const peak = diff.totals.find((total) => total.name === 'peak');
		assert.ok(cells.includes(`${number(peak.old.median)} B`) && cells.includes(`+${number(peak.new.median - peak.old.median)} B`), `${peak.old.median} ${peak.new.median} among ${cells}`);
		const said = await page.$$eval('.verdict li', (all) => all.map((one) => one.innerText.replace(/\s+/g, ' ').trim()));
		assert.match(said[0], /allocations>\+0 holds: it is/);
		assert.match(said[1], /peak>\+100MiB does not hold/);
		assert.match(said[2], /new:use-after-free>0 cannot be judged/);
		quiet();
		await close();
		for (const [name, words] of [['cut', /new: not complete: truncated/], ['same', /both sides are the same recording/], ['threads', /the executables of the two sides have different names/]]) {
			const other = await open(browser, `diff-${name}`);
			assert.match(await text(other.page, '.banner.warning'), words);
			await other.close();
		}
	});

	test('comparison: call paths by class and metric, with both stacks, by keyboard', async (browser) => {
		const { page, close, quiet } = await open(browser, 'diff-moved', '#view=sites');
		const diff = json('diff-moved');
		const rows = async () => Number(await page.getAttribute('.grid', 'aria-rowcount')) - 1;
		assert.equal(await rows(), diff.changes.length);
		await page.selectOption('#diff-metric', 'live-bytes');
		const live = diff.metrics.find((metric) => metric.name === 'live-bytes');
		for (const change of ['new', 'grown', 'shrunk', 'gone']) {
			const button = page.locator(`.chips button:has-text("${change}")`);
			if (live[change].call_paths === 0) {
				assert.ok(await button.isDisabled());
				continue;
			}
			await button.click();
			assert.equal(await rows(), live[change].call_paths, change);
			assert.match(await hashOf(page), new RegExp(`sites\\.class=${change}`));
		}
		assert.equal(live.new.call_paths, 1);
		await page.click('.chips button:has-text("new")');
		assert.match(await text(page, '.sites .bar.small'), /1 call path .* in all/s);
		await page.focus('.grid-row[tabindex="0"]');
		if (await page.getAttribute('.grid-row', 'aria-expanded') === 'true')
			await page.keyboard.press('Enter'); // a call path that is alone is open from the start
		assert.equal(await page.locator('.pair-stacks').count(), 0);
		await page.keyboard.press('Enter');
		const change = diff.changes.find((one) => one.change === 'new');
		const stack = page.locator('.pair-stacks section').nth(1).locator('li');
		assert.equal(await stack.count(), change.new.stack.length);
		assert.match(await text(page, '.pair-stacks'), /It is not on this side\./);
		await page.click('.chips button:has-text("moved")');
		assert.equal(await rows(), diff.call_paths.paired_by_similar_names);
		await page.click('.grid-row >> nth=0');
		assert.match(await text(page, '.detail'), /Paired by similar names/);
		assert.ok(await page.locator('.stack li.other').count() > 0, 'what differs is marked');
		quiet();
		await close();
	});

	test('comparison: noise is left out, and shown when asked for', async (browser) => {
		const { page, close, quiet } = await open(browser, 'diff-several', '#view=sites&diff.metric=allocated-bytes');
		const diff = json('diff-several');
		const metric = diff.metrics.find((one) => one.name === 'allocated-bytes');
		const changed = ['new', 'grown', 'shrunk', 'gone'].reduce((sum, name) => sum + metric[name].call_paths, 0);
		assert.ok(metric.noise.call_paths > 0 && changed > 0, `${metric.noise.call_paths} ${changed}`);
		assert.equal(await page.getAttribute('.grid', 'aria-rowcount'), String(changed + 1));
		await page.click('.chips button:has-text("noise")');
		assert.equal(await page.getAttribute('.grid', 'aria-rowcount'), String(metric.noise.call_paths + 1));
		await page.click('.grid-row >> nth=0');
		assert.match(await text(page, '.detail'), /Old runs/);
		await page.click('.tabs a[data-view="overview"]');
		assert.ok(await page.locator('.bands').count() > 2, 'bands of the runs');
		quiet();
		await close();
	});

	test('comparison: flame graph of both sides, its metrics, widths, zoom', async (browser) => {
		const { page, close, quiet } = await open(browser, 'diff-jq', '#view=flame');
		const diff = json('diff-jq');
		const change = (name) => {
			const { old, new: now } = diff.totals.find((total) => total.name === name);
			return `${now.median < old.median ? '−' : '+'}${number(Math.abs(now.median - old.median))}`;
		};
		assert.ok((await text(page, '.flame-status')).includes(`(${change('peak')} B)`), await text(page, '.flame-status'));
		await page.selectOption('#diff-metric', 'allocations');
		assert.ok((await text(page, '.flame-status')).includes(change('allocations')), await text(page, '.flame-status'));
		const colours = (where) => where.evaluate(() => {
			const canvas = document.querySelector('.flame canvas');
			const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
			let blue = 0;
			let orange = 0;
			for (let i = 0; i < pixels.length; i += 4) {
				blue += pixels[i + 2] > pixels[i] + 40 ? 1 : 0;
				orange += pixels[i] > pixels[i + 2] + 40 ? 1 : 0;
			}
			return { blue, orange };
		});
		const grown = await colours(page);
		assert.ok(grown.blue === 0 && grown.orange > 100, `more is orange: ${JSON.stringify(grown)}`);
		await page.selectOption('#flame-width', 'change');
		await page.selectOption('#flame-colour', 'own');
		assert.match(await hashOf(page), /flame\.width=change/);
		await page.focus('.flame canvas');
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('Enter');
		assert.match(await text(page, '.crumbs'), /all call paths ›/);
		await page.keyboard.press('Escape');
		assert.equal(await text(page, '.crumbs'), '');
		await page.click('.flame button:has-text("Inverted")');
		assert.ok((await text(page, '.flame-status')).includes(change('allocations')));
		await page.selectOption('#flame-width', 'both');
		await page.goto(`${page.url().split('#')[0]}#view=flame&q=jv_parser_next`);
		await page.waitForFunction(() => /matches the search/.test(document.querySelector('.flame-status')?.textContent ?? ''));
		quiet();
		await close();
		const others = await open(browser, 'diff-findings', '#view=flame&diff.metric=allocated-bytes');
		const parted = await colours(others.page);
		assert.ok(parted.blue > 100 && parted.orange > 100, `gone is blue, new is orange: ${JSON.stringify(parted)}`);
		await others.close();
		const same = await open(browser, 'diff-same', '#view=flame&flame.width=change');
		assert.match(await text(same.page, '.flame-status'), /did not change in any call path/);
		await same.close();
	});

	test('comparison: timelines over each other, aligned as told, zoomed by dragging', async (browser) => {
		const { page, close, quiet } = await open(browser, 'diff-windows', '#view=timeline');
		assert.equal(await page.getAttribute('button[data-align="share"]', 'aria-pressed'), 'true', '--align=share');
		await page.click('button[data-align="start"]');
		assert.match(await hashOf(page), /timeline\.align=start/);
		assert.match(await text(page, '.run-list'), /old peak .*from .* on/s);
		const ink = await page.evaluate(() => {
			const canvas = document.querySelector('.chart-card canvas');
			const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
			return ['old', 'new'].map((side) => {
				const colour = getComputedStyle(document.documentElement).getPropertyValue(`--${side}`).trim().match(/[0-9a-f]{2}/gi).map((two) => parseInt(two, 16));
				let count = 0;
				for (let i = 0; i < pixels.length; i += 4)
					count += colour.every((part, k) => Math.abs(pixels[i + k] - part) < 8) ? 1 : 0;
				return count;
			});
		});
		assert.ok(ink[0] > 50 && ink[1] > 50, `pixels of the old and the new curve: ${ink}`);
		await page.locator('.u-over').first().hover();
		const box = await page.locator('.u-over').first().boundingBox();
		await page.mouse.move(box.x + box.width * 0.3, box.y + 60);
		await page.mouse.down();
		await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 4 });
		await page.mouse.up();
		assert.match(await hashOf(page), /timeline\.zoom=[0-9.]+_[0-9.]+/);
		await page.click('button:has-text("Reset zoom")');
		assert.doesNotMatch(await hashOf(page), /zoom/);
		quiet();
		await close();
		const jq = await open(browser, 'diff-jq', '#view=timeline');
		assert.equal(await jq.page.getAttribute('button[data-align="start"]', 'aria-pressed'), 'true');
		await jq.close();
	});

	test('comparison: findings with stacks, threads, runs', async (browser) => {
		const { page, close, quiet } = await open(browser, 'diff-findings', '#view=findings');
		const diff = json('diff-findings');
		for (const [list, expected] of [['new', diff.findings.new], ['fixed', diff.findings.fixed]]) {
			assert.ok(expected.length > 0);
			assert.equal(await page.locator(`details[data-side="${list}"]`).count(), expected.length);
		}
		const one = page.locator('details[data-side="fixed"]').first();
		await one.locator('summary').focus();
		await page.keyboard.press('Enter');
		assert.match(await one.innerText(), /allocated at/);
		assert.ok((await one.innerText()).includes(diff.findings.fixed[0].message));
		await page.click('.tabs a[data-view="process"]');
		assert.match(await text(page, 'tr.differs:has(th:text("Command"))'), /heap_overflow_cxx.*leaks_cxx/s);
		quiet();
		await close();
		const threads = await open(browser, 'diff-threads', '#view=threads');
		assert.equal(await threads.page.getAttribute('.grid', 'aria-rowcount'), String(json('diff-threads').threads.length + 1));
		await threads.close();
	});

	test('comparison: the search holds for call paths, findings and threads', async (browser) => {
		const { page, close, quiet } = await open(browser, 'diff-jq', '#view=sites');
		const diff = json('diff-jq');
		await page.fill('#search', 'jv_array_set');
		await page.keyboard.press('Enter');
		const expected = diff.changes.filter((change) => [change.old, change.new].some((side) => side?.stack.some((line) => (line.function ?? '').includes('jv_array_set'))));
		assert.ok(expected.length > 0);
		assert.equal(await page.getAttribute('.grid', 'aria-rowcount'), String(expected.length + 1));
		await page.fill('#search', 'site:1');
		await page.keyboard.press('Enter');
		assert.equal(await page.getAttribute('.grid', 'aria-rowcount'), '2');
		await page.fill('#search', 'life:<1ms');
		await page.keyboard.press('Enter');
		assert.match(await text(page, '#search-result'), /a comparison has no lifetimes/);
		await close();
		const findings = await open(browser, 'diff-findings', '#view=findings&q=grow_vector');
		const { fixed } = json('diff-findings').findings;
		const mine = fixed.filter((finding) => [...(finding.allocation ?? []), ...(finding.error ?? [])].some((line) => (line.function ?? '').includes('grow_vector')));
		assert.ok(mine.length > 0 && mine.length < fixed.length);
		assert.equal(await findings.page.locator('details.diff-finding').count(), mine.length);
		findings.quiet();
		await findings.close();
		const threads = await open(browser, 'diff-threads', '#view=threads&q=thread:redis');
		const named = json('diff-threads').threads.filter((thread) => (thread.name ?? '').includes('redis'));
		assert.ok(named.length > 0);
		assert.equal(await threads.page.getAttribute('.grid', 'aria-rowcount'), String(named.length + 1));
		threads.quiet();
		await threads.close();
		quiet();
	});

	test('comparison: hostile names are text, --no-paths leaves no directory', async (browser) => {
		const { page, close, quiet } = await open(browser, 'diff-hostile');
		assert.ok((await page.title()).includes('<script>'));
		assert.ok((await text(page, 'h1')).includes('<script>hacked=5</script>'));
		assert.equal(await page.locator('img').count(), 0);
		await unhacked(page);
		quiet();
		await close();
		const tables = data('diff-stripped');
		for (const [table, column] of [['lines', 'file'], ['lines', 'module'], ...['old0.', 'new0.'].flatMap((run) => [['process', 'executable'], ['process', 'working_directory'], ['command', 'text'], ['trace', 'file'], ['loaded', 'module']].map(([name, one]) => [run + name, one]))])
			for (const row of tables[table].all())
				assert.ok(!/.\/./.test(row[column]), `${table}.${column}: ${row[column]}`);
		assert.doesNotMatch(html('diff-stripped'), /<title>[^<]*\/[^<]*·/);
	});
}
