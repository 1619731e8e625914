/* overview.js - how good the trace is, what it says in words, the totals, what the peak was made of, and where to look first. */
import { h, replace } from '../dom.js';
import { bytes, count, duration, exactBytes, of, share } from '../format.js';
import { METRICS, NONE } from '../model.js';
import { withFilter } from '../query.js';
import { link } from '../widgets/link.js';
import { MARKS, qualityBanner } from '../widgets/quality.js';
import { estimates } from '../widgets/sample.js';

const SHOWN = 8;

/* ---- verdict: the words of the text report ---------------------------------------------------------------- */

function verdict(model, state, views) {
	const notes = model.tables.notes.all();
	const rows = model.tables.verdict.all().filter((row) => row.topic !== 'quality' && row.text && row.topic !== 'window');
	return h('section.card', { 'aria-labelledby': 'verdict-title' }, h('h2', { id: 'verdict-title' }, 'Verdict'),
		h('ul.verdict', {}, rows.map((row) => h(`li.${row.level}`, {},
			h('span.mark', { 'aria-label': row.level }, MARKS[row.level]),
			h('div', {}, views.has(row.view) ? link(state, { view: row.view }, row.text) : row.text,
				notes.filter((note) => note.topic === row.topic).map((note) => h('p.small', {}, note.text)))))));
}

/* ---- totals ------------------------------------------------------------------------------------------------------------ */

function figure(title, value, exact, note) {
	return h('div.figure', {}, h('dt', {}, title), h('dd', {}, h('span.value', { title: exact }, value), note ? h('span.note', {}, note) : null));
}

/* "~29.6 MiB +-114 KiB": the error goes into the note. */
function estimated(title, words, note) {
	const [value, error] = words.split(' +-');
	return figure(title, value, words, `${error ? `+-${error}, ` : ''}${note}`);
}

function estimatedTotals(model, e) {
	const t = model.totals;
	return [
		estimated('Peak', e.peak, `after ${duration(e.peak_time_ns)}; the largest estimate, rather too large than too small`),
		estimated('Alive at the end', e.live, `in ${e.live_blocks} blocks`),
		estimated('Allocated', e.allocated, `by ${e.allocations} allocations and ${e.reallocations} reallocations`),
		estimated('Freed', e.freed, `by ${e.frees} frees`),
		figure('The sample itself', bytes(t.allocated_bytes), exactBytes(t.allocated_bytes), `in ${of(t.allocations + t.reallocations, 'block')} allocated`),
		figure('of it alive at the end', bytes(t.live_bytes), exactBytes(t.live_bytes), `in ${of(t.live_blocks, 'block')}`),
	];
}

function totals(model) {
	if (estimates(model))
		return estimatedTotals(model, estimates(model));
	const t = model.totals;
	const begun = t.allocations + t.reallocations;
	const cut = !model.window.given && model.trace.ended === 'truncated';
	const rss = model.tables.system_series.all().find((series) => series.name === 'rss' && series.samples);
	return [
		figure('Peak', bytes(t.peak_bytes), exactBytes(t.peak_bytes), `in ${of(t.peak_blocks, 'block')}, after ${duration(t.peak_time_ns)}`),
		figure(cut ? 'Alive at the cut' : 'Alive at the end', bytes(t.live_bytes), exactBytes(t.live_bytes), `in ${of(t.live_blocks, 'block')}`),
		figure('Allocated', bytes(t.allocated_bytes), exactBytes(t.allocated_bytes), `by ${of(t.allocations, 'allocation')} and ${of(t.reallocations, 'reallocation')}`),
		figure('Temporary', share(t.temporary_allocations, begun), of(t.temporary_allocations, 'block'), `of ${of(begun, 'block')}`),
		figure('Freed', bytes(t.freed_bytes), exactBytes(t.freed_bytes), `by ${of(t.frees, 'free')} and ${of(t.reallocations, 'reallocation')}`),
		model.culled.within_ns ? figure('Culled', bytes(model.culled.bytes), exactBytes(model.culled.bytes), `by ${of(model.culled.allocations, 'allocation')} freed within ${duration(model.culled.within_ns)}, in no other figure; with them the peak was ${bytes(model.culled.peak_bytes)}`) : null,
		rss ? figure('Resident at most', bytes(rss.max), exactBytes(rss.max), `after ${duration(rss.max_ns)}, of ${of(rss.samples, 'sample')}`)
			: figure('Call paths', count(model.sites.rows), '', `${of(model.tables.threads.rows, 'thread')}, ${of(model.tables.modules.rows, 'module')}`),
	];
}

function windowTotals(model, brush) {
	const w = model.timeWindow(brush);
	const t = model.totals;
	const of_ = (part, whole) => `${share(part, whole)} of the run's`;
	return [
		figure('Peak in the selection', bytes(w.peak_bytes), exactBytes(w.peak_bytes), of_(w.peak_bytes, t.peak_bytes)),
		figure('Alive at its end', bytes(w.live_bytes), exactBytes(w.live_bytes), `in ${of(w.live_blocks, 'block')}`),
		figure('Allocated', bytes(w.allocated_bytes), exactBytes(w.allocated_bytes), of_(w.allocated_bytes, t.allocated_bytes)),
		figure('Blocks begun', count(w.allocations), '', of_(w.allocations, t.allocations + t.reallocations)),
		figure('Freed', bytes(w.freed_bytes), exactBytes(w.freed_bytes), of_(w.freed_bytes, t.freed_bytes)),
		figure('Blocks ended', count(w.frees), '', `in ${duration(brush.to - brush.from)}, whole steps of the timeline`),
	];
}

/* ---- composition: call paths grouped by place ---------------------------------------------------------------------------- */

/* For each line of source the first one that reads the same: with 100,000 call paths names are too slow to compare. */
function placesOf(model) {
	return model.once('places of lines', () => {
		const { lines } = model.tables;
		const [functions, files, numbers, modules, offsets] = ['function', 'file', 'line', 'module', 'offset'].map((name) => lines.column(name));
		const first = new Map();
		return Int32Array.from({ length: lines.rows }, (unused, i) => {
			const key = lines.text('function', i) ? `${functions[i]} ${files[i]} ${numbers[i]} ${modules[i]}` : `- ${modules[i]} ${offsets[i]}`;
			if (!first.has(key))
				first.set(key, i);
			return first.get(key);
		});
	});
}

/* {total, rows}: a row {line, bytes, sites, first} per place; line is looked up by whoever shows it. */
function composition(model, values, mask) {
	const place = placesOf(model);
	const headline = model.sites.column('headline');
	const places = new Map();
	let total = 0;
	for (let site = 0; site < values.length; site++) {
		total += values[site];
		if (!values[site] || (mask && !mask[site]))
			continue;
		const key = place[headline[site]] ?? NONE;
		let row = places.get(key);
		if (row === undefined)
			places.set(key, row = { line: key, bytes: 0, sites: 0, first: site, most: 0 });
		row.bytes += values[site];
		row.sites++;
		if (values[site] > row.most) {
			row.most = values[site];
			row.first = site;
		}
	}
	return { total, rows: [...places.values()].sort((a, b) => b.bytes - a.bytes || a.line - b.line) };
}

/* Shares of the peak by call path: of a sample the estimates, since the sample itself holds too many large blocks. */
function peakShares(model, now) {
	return estimates(model) ? model.sites.column('estimated_peak_bytes') : model.metric('peak', now);
}

function peakCard(model, now, state) {
	const brush = model.brush(now);
	const moment = brush && model.metric('moment', now);
	const name = moment ? 'moment' : 'peak';
	const mask = model.matches(now);
	const { total: known, rows } = composition(model, moment ?? peakShares(model, now), mask);
	const merged = moment ? model.mergedWindow('site', brush) : null; // call paths that share a series have no place
	const total = known + (merged?.live_bytes ?? 0);
	const shown = rows.slice(0, SHOWN).map((row) => ({ ...row, line: model.line(row.line) }));
	const rest = rows.slice(SHOWN).reduce((sum, row) => sum + row.bytes, 0) + (mask ? 0 : merged?.live_bytes ?? 0);
	const more = rows.length - shown.length + (mask || !merged ? 0 : model.merged('site'));
	const matched = mask ? rows.reduce((sum, row) => sum + row.bytes, 0) : total;
	const sample = estimates(model);
	const about = sample && !moment ? '~' : '';
	const title = moment ? `What ${sample ? 'of the sample ' : ''}was alive at the end of the selection` : `What the peak was made of${sample ? ', estimated' : ''}`;
	if (!total)
		return h('section.card', {}, h('h2', {}, title), h('p.quiet', {}, 'Nothing was allocated.'));
	return h('section.card', { 'aria-labelledby': 'peak-title' },
		h('h2', { id: 'peak-title' }, title, ' ', h('span.quiet', { title: about + exactBytes(total) }, about + bytes(total)),
			matched !== total ? h('span.quiet', {}, `, ${bytes(matched)} (${share(matched, total)}) match the search`) : null),
		h('div.stack-bar', { role: 'img', 'aria-label': 'Shares of the largest places' },
			shown.map((row, i) => h(`span.cat-${i % 8}`, { style: { flex: `${row.bytes} 0 0` }, title: `${row.line.name}: ${about}${exactBytes(row.bytes)}, ${share(row.bytes, total)}` })),
			total - matched + rest > 0 ? h('span.rest', { style: { flex: `${total - matched + rest} 0 0` }, title: `everything else: ${exactBytes(total - matched + rest)}` }) : null),
		h('table.plain', {},
			h('thead', {}, h('tr', {}, h('th', {}, 'Place'), h('th.num', {}, 'Bytes'), h('th.num', {}, 'Share'), h('th.num.wide', {}, 'Call paths'))),
			h('tbody', {}, shown.map((row, i) => h('tr', {},
				h('td', {}, h(`i.dot.cat-${i % 8}`, {}),
					link(state, { view: 'sites', 'sites.sort': undefined, metric: name, q: row.sites === 1 ? withFilter(now.q, 'site', String(model.sites.number('id', row.first))) : `"${row.line.full.replaceAll('"', '')}"` },
						h('span.code', { title: row.line.full }, row.line.name)), ' ', h('span.where', { title: row.line.where || row.line.module }, row.line.place)),
				h('td.num', { title: about + exactBytes(row.bytes) }, about + bytes(row.bytes)), h('td.num', {}, share(row.bytes, total)), h('td.num.wide', {}, count(row.sites)))),
			rest ? h('tr.quiet', {}, h('td', {}, `${count(more)} more`), h('td.num', { title: about + exactBytes(rest) }, about + bytes(rest)), h('td.num', {}, share(rest, total)), h('td.num.wide', {})) : null)));
}

/* ---- what to look at first --------------------------------------------------------------------------------------------- */

function largest(values) {
	let best = -1;
	for (let i = 0; i < values.length; i++)
		if (values[i] > 0 && (best < 0 || values[i] > values[best]))
			best = i;
	return best;
}

function firstLooks(model) {
	const looks = [];
	const { totals, tables } = model;
	const ofSample = estimates(model) ? ' (of the sample)' : '';
	const open = tables.findings.all().filter((finding) => !finding.suppressed_by && !finding.kind.startsWith('leak-'));
	if (open.length)
		looks.push({ level: 'error', view: 'findings', text: `${of(open.length, 'heap error')}: ${open[0].message}` });
	const leak = tables.leaks.all().find((row) => !row.suppressed && (row.kind === 'definite' || row.kind === 'possible'));
	if (leak) {
		const same = tables.leaks.all().filter((row) => !row.suppressed && row.kind === leak.kind);
		const { name } = model.line(model.siteOfNode.has(leak.node) ? model.sites.number('headline', model.siteOfNode.get(leak.node)) : 0xffffffff);
		looks.push({
			level: leak.kind === 'definite' ? 'error' : 'warning', view: 'leaks',
			site: model.siteOfNode.get(leak.node),
			text: `${bytes(leak.bytes)} ${leak.kind === 'definite' ? 'definitely' : 'possibly'} leaked from ${name}${leak.indirect_bytes ? `, with ${bytes(leak.indirect_bytes)} that hang on it` : ''}${same.length > 1 ? `, the largest of ${of(same.length, 'call path')}` : ''}${ofSample}`,
		});
	}
	if (tables.growth.rows) {
		const site = model.siteOfNode.get(tables.growth.number('node', 0));
		if (site !== undefined)
			looks.push({ level: 'warning', view: 'sites', site, text: `${model.siteName(site)} kept growing, from ${bytes(tables.growth.number('from_bytes', 0))} to ${bytes(tables.growth.number('to_bytes', 0))}${ofSample}` });
	}
	const peak = peakShares(model, {});
	const top = largest(peak);
	if (top >= 0)
		looks.push({ level: 'note', view: 'sites', site: top, metric: 'peak', text: ofSample ? `about ${share(peak[top], peak.reduce((sum, one) => sum + one, 0))} of the peak is one call path, to ${model.siteName(top)}`
			: `${share(peak[top], totals.peak_bytes)} of the peak is one call path, to ${model.siteName(top)}` });
	const temporary = model.metric('temporary', {});
	const hot = largest(temporary);
	const begun = totals.allocations + totals.reallocations;
	if (!ofSample && hot >= 0 && temporary[hot] >= 100 && totals.temporary_allocations * 10 > begun)
		looks.push({ level: 'note', view: 'sites', site: hot, metric: 'temporary', text: `${share(totals.temporary_allocations, begun)} of all blocks are freed at once; most of them, ${count(temporary[hot])}, from ${model.siteName(hot)}` });
	return looks.slice(0, 5);
}

function lookCard(model, state, views) {
	const looks = firstLooks(model).map((look) => (!views.has(look.view) && look.site !== undefined ? { ...look, view: 'sites' } : look));
	if (!looks.length)
		return null;
	return h('section.card', { 'aria-labelledby': 'look-title' }, h('h2', { id: 'look-title' }, 'Look at first'),
		h('ol.looks', {}, looks.map((look) => h(`li.${look.level}`, {}, !views.has(look.view) ? look.text
			: link(state, { view: look.view, 'sites.sort': undefined, ...(look.metric ? { metric: look.metric } : {}), ...(look.site !== undefined ? { q: `site:${model.sites.number('id', look.site)}` } : {}) }, look.text)))));
}

function searchCard(model, now) {
	const mask = model.matches(now);
	if (!mask)
		return null;
	const row = (name) => {
		const values = model.metric(name, now);
		if (!values)
			return null;
		let part = 0;
		let all = 0;
		for (let i = 0; i < values.length; i++) {
			all += values[i];
			part += mask[i] ? values[i] : 0;
		}
		const print = METRICS[name].unit === 'bytes' ? bytes : count;
		const exact = METRICS[name].unit === 'bytes' ? exactBytes : count;
		return h('div', {}, h('dt', {}, METRICS[name].title), h('dd', { title: exact(part) }, print(part), h('span.quiet', {}, ` ${share(part, all)}`)));
	};
	return h('section.card.matched', { 'aria-labelledby': 'match-title' }, h('h2', { id: 'match-title' }, 'What matches the search'),
		h('dl.matches', {}, ['peak', 'live', 'moment', 'allocated', 'allocations', 'temporary', 'leaked', 'retained'].map(row)), h('p.small', {}, model.mergedNote(now)));
}

export default {
	id: 'overview',
	title: 'Overview',
	empty: () => null,
	render(root, { model, state }) {
		const views = new Set([...document.querySelectorAll('.tabs a')].map((a) => a.dataset.view));
		const figures = h('dl.figures', {});
		const peak = h('div', {});
		const matched = h('div', {});
		function update(now) {
			const brush = model.brush(now);
			replace(figures, brush ? windowTotals(model, brush) : totals(model));
			replace(peak, peakCard(model, now, state));
			replace(matched, searchCard(model, now));
		}
		update(state.get());
		root.append(h('div.overview', {}, qualityBanner(model), figures, matched, h('div.columns', {}, peak, h('div', {}, lookCard(model, state, views), verdict(model, state, views)))));
		return { update };
	},
};
