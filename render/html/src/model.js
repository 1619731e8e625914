/*
 * model.js - what the views ask about a report: names of call paths, metrics of call paths, sums over the brushed window, what a search matches.
 *
 * Everything is derived from the tables of data.js and cached; a view never sums up on its own, so that one figure is one figure. A call path
 * ("site") is known by its row in the table sites; its id is the node of its stack, as in the text and JSON reports.
 */
import { bisectRight } from 'd3-array';
import { bytes, of } from './format.js';
import { Names } from './names.js';
import { test } from './query.js';

export { fileName, shortFunction } from './names.js';
/* No line, no call path; as the key of a series: that of the keys that share one (render/html_series.h). */
export const NONE = 0xffffffff;

export class Model extends Names {
	constructor(tables) {
		super(tables);
		this.trace = tables.trace.row();
		this.process = tables.process.row();
		this.totals = tables.totals.row();
		this.culled = tables.culled.row(); // within_ns 0: no block was left out
		this.window = tables.window.row();
		this.sites = tables.sites;
		this.siteOfNode = new Map();
		for (let i = 0; i < this.sites.rows; i++)
			this.siteOfNode.set(this.sites.number('id', i), i);
		this.bucketStarts = tables.timeline.column('start_ns');
		this.buckets = tables.timeline.rows;
		this.from = this.window.from_ns;
		this.to = Math.max(this.window.to_ns, this.from + 1);
	}

	siteLine(site) {
		return this.line(this.sites.number('headline', site));
	}

	siteName(site) {
		return this.siteLine(site).name;
	}

	threadName(id) {
		const threads = this.tables.threads;
		if (!id || id > threads.rows)
			return 'unknown thread';
		const name = threads.text('name', id - 1) || (threads.number('main', id - 1) ? 'main' : '');
		return `thread ${threads.number('tid', id - 1)}${name ? ` ${name}` : ''}`;
	}

	/* Marks that the program set, and snapshots: {name, time_ns}. The first phase begins with a mark only when the report's window lies behind it. */
	marks() {
		return this.once('marks', () => [
			...this.tables.phases.all().slice(1).map((phase) => ({ name: phase.name || '(mark)', time_ns: phase.from_ns })),
			...this.tables.snapshots.all().map((snapshot) => ({ name: snapshot.name || '(snapshot)', time_ns: snapshot.time_ns })),
		].sort((a, b) => a.time_ns - b.time_ns));
	}

	/* When recording was paused: {from_ns, to_ns}. */
	pauses() {
		return this.once('pauses', () => this.tables.pauses.all());
	}

	/* The call that began blocks, by the number of its event kind: "malloc", "new[]". */
	familyName(number) {
		const names = this.once('families', () => new Map(this.tables.event_kinds.all().map((kind) => [kind.number, kind.name])));
		return names.get(number) ?? `kind ${number}`;
	}

	/* ---- the time brush -------------------------------------------------------------------------------------------- */

	bucketOf(ns) {
		return Math.max(0, Math.min(this.buckets - 1, bisectRight(this.bucketStarts, ns) - 1));
	}

	bucketEnd(bucket) {
		return bucket + 1 < this.buckets ? this.bucketStarts[bucket + 1] : this.to;
	}

	/* The buckets that a brush covers, both included: figures of a window are those of whole buckets. null: no brush. */
	brush(state) {
		if (!(state.to > state.from) || this.buckets === 0)
			return null;
		const first = this.bucketOf(state.from);
		const last = Math.max(first, this.bucketOf(Math.max(state.from, state.to - 1)));
		return { first, last, from: this.bucketStarts[first], to: this.bucketEnd(last) };
	}

	/* The whole heap in a window. */
	timeWindow(brush) {
		const t = this.tables.timeline;
		const sum = { allocations: 0, frees: 0, allocated_bytes: 0, freed_bytes: 0, peak_bytes: 0, live_bytes: 0, live_blocks: 0 };
		for (let b = brush.first; b <= brush.last; b++) {
			sum.allocations += t.number('blocks_begun', b);
			sum.frees += t.number('blocks_ended', b);
			sum.allocated_bytes += t.number('allocated_bytes', b);
			sum.freed_bytes += t.number('freed_bytes', b);
			sum.peak_bytes = Math.max(sum.peak_bytes, t.number('max_live_bytes', b));
		}
		sum.live_bytes = t.number('last_live_bytes', brush.last);
		sum.live_blocks = t.number('last_live_blocks', brush.last);
		return sum;
	}

	/* Is there a series by this ("site", "thread", "module", "size", "family")? */
	hasSeries(group) {
		const table = this.tables[`timeline_by_${group}`];
		return table !== undefined && table.rows > 0;
	}

	/* How many keys of the group share one series in this page; 0: each has its own. */
	merged(group) {
		const groups = this.tables.timeline_groups;
		for (let i = 0; i < groups.rows; i++)
			if (groups.text('name', i) === group)
				return groups.number('merged', i);
		return 0;
	}

	/* Does the key share it? What its series would say cannot be told then. */
	isMerged(group, key) {
		return this.merged(group) > 0 && !this.once(`keys ${group}`, () => new Set(this.tables[`timeline_by_${group}`].column('key'))).has(key);
	}

	/* The figures of these in a window, {allocations, ..., live_blocks}; null: there are none. */
	mergedWindow(group, brush) {
		const window = this.merged(group) ? this.groupWindow(group, brush) : null;
		const at = window ? window.keys.lastIndexOf(NONE) : -1;
		return at < 0 ? null : Object.fromEntries(Object.keys(window).filter((name) => name !== 'keys').map((name) => [name, window[name][at]]));
	}

	/* What a view by call path says of them when it shows a selection of time; '': each call path has its own series. */
	mergedNote(state) {
		const brush = this.brush(state);
		const window = brush && this.mergedWindow('site', brush);
		return window ? `Without ${of(this.merged('site'), 'small call path')} that share one series, to keep the page small: together ${bytes(window.allocated_bytes)} allocated in the selected time, ${bytes(window.live_bytes)} alive at its end.` : '';
	}

	/* Figures of each key of a group in a window: {keys, allocations, ..., peak_bytes (largest level of its own)} as arrays; null: no series. */
	groupWindow(group, brush) {
		if (!this.hasSeries(group))
			return null;
		return this.once(`window ${group} ${brush.first} ${brush.last}`, () => {
			const series = this.tables[`timeline_by_${group}`];
			const cells = this.tables[`timeline_by_${group}_cells`];
			const n = series.rows;
			const out = { keys: series.column('key') };
			const names = ['allocations', 'frees', 'allocated_bytes', 'freed_bytes', 'peak_bytes', 'live_bytes', 'live_blocks'];
			for (const name of names)
				out[name] = new Float64Array(n);
			const bucket = cells.column('bucket');
			for (let i = 0; i < n; i++) {
				const first = series.number('first_cell', i);
				const end = first + series.number('cell_count', i);
				let at = bisectRight(bucket, brush.first - 1, first, end); // the first cell inside the window
				if (at > first) {
					out.live_bytes[i] = out.peak_bytes[i] = cells.number('last_live_bytes', at - 1);
					out.live_blocks[i] = cells.number('last_live_blocks', at - 1);
				}
				for (; at < end && bucket[at] <= brush.last; at++) {
					out.allocations[i] += cells.number('allocations', at);
					out.frees[i] += cells.number('frees', at);
					out.allocated_bytes[i] += cells.number('allocated_bytes', at);
					out.freed_bytes[i] += cells.number('freed_bytes', at);
					out.peak_bytes[i] = Math.max(out.peak_bytes[i], cells.number('max_live_bytes', at));
					out.live_bytes[i] = cells.number('last_live_bytes', at);
					out.live_blocks[i] = cells.number('last_live_blocks', at);
				}
			}
			return out;
		});
	}

	/*
	 * Levels at the end of a step, which is the moment just before the next one starts: {keys, bytes, blocks} as arrays, one element per
	 * series; null: no series.
	 */
	levelsAt(group, step) {
		if (!this.hasSeries(group))
			return null;
		const series = this.tables[`timeline_by_${group}`];
		const cells = this.tables[`timeline_by_${group}_cells`];
		const bucket = cells.column('bucket');
		const firstCell = series.column('first_cell');
		const cellCount = series.column('cell_count');
		const lastBytes = cells.column('last_live_bytes');
		const lastBlocks = cells.column('last_live_blocks');
		const bytes = new Float64Array(series.rows);
		const blocks = new Float64Array(series.rows);
		for (let i = 0; i < series.rows; i++) {
			const at = bisectRight(bucket, step, firstCell[i], firstCell[i] + cellCount[i]) - 1;
			if (at >= firstCell[i]) {
				bytes[i] = lastBytes[at];
				blocks[i] = lastBlocks[at];
			}
		}
		return { keys: series.column('key'), bytes, blocks };
	}

	/* A column of a group's cells added up over the keys for which wanted(key) holds, per bucket; levels are carried on. */
	groupSeries(group, column, wanted) {
		const series = this.tables[`timeline_by_${group}`];
		const cells = this.tables[`timeline_by_${group}_cells`];
		const values = new Float64Array(this.buckets);
		const level = column === 'last_live_bytes' || column === 'last_live_blocks';
		const bucket = cells.column('bucket');
		const source = cells.column(column);
		for (let i = 0; i < series.rows; i++) {
			if (!wanted(series.number('key', i)))
				continue;
			const first = series.number('first_cell', i);
			const end = first + series.number('cell_count', i);
			for (let c = first; c < end; c++) {
				if (!level) {
					values[bucket[c]] += source[c];
					continue;
				}
				const until = c + 1 < end ? bucket[c + 1] : this.buckets;
				for (let b = bucket[c]; b < until; b++)
					values[b] += source[c];
			}
		}
		return values;
	}

	/* ---- search ------------------------------------------------------------------------------------------------------ */

	subject(site) {
		const s = this.sites;
		const id = s.number('id', site);
		const begun = s.number('allocations', site) + s.number('reallocations', site);
		return {
			id, has: (text) => this.nodesWith(text)[id] === 1, module: this.siteLine(site).module.toLowerCase(),
			size: begun ? s.number('allocated_bytes', site) / begun : 0,
			life: s.number('ended_blocks', site) ? s.number('mean_lifetime_ns', site) : null,
		};
	}

	/* 1 for each call path that the search matches, 0 else; null: there is no search. */
	matches(state) {
		const query = this.query(state);
		if (query.empty)
			return null;
		return this.once(`matches ${state.q}`, () => {
			const mask = new Uint8Array(this.sites.rows);
			for (let i = 0; i < mask.length; i++)
				mask[i] = test(query, this.subject(i)) ? 1 : 0;
			return mask;
		});
	}

	/* ---- metrics of call paths ----------------------------------------------------------------------------------------- */

	byNode(table, column, wanted = () => true) {
		const values = new Float64Array(this.sites.rows);
		for (let i = 0; i < table.rows; i++) {
			const site = this.siteOfNode.get(table.number('node', i));
			if (site !== undefined && wanted(i))
				values[site] += table.number(column, i);
		}
		return values;
	}

	/* One number per call path (METRICS has the names); null: the report does not have it. */
	metric(name, state) {
		const brush = this.brush(state);
		const key = `metric ${name} ${brush && METRICS[name].windowed ? `${brush.first} ${brush.last}` : ''}`;
		return this.once(key, () => METRICS[name].values(this, brush));
	}

	windowOfSites(brush, column) {
		const window = this.groupWindow('site', brush);
		if (!window)
			return null;
		const values = new Float64Array(this.sites.rows);
		for (let i = 0; i < window.keys.length; i++) {
			const site = this.siteOfNode.get(window.keys[i]);
			if (site !== undefined)
				values[site] = window[column][i];
		}
		return values;
	}
}

function whole(column) {
	return (model) => Float64Array.from(model.sites.column(column));
}

/*
 * What can be shown per call path. unit: a key of format.KINDS; windowed: with a time brush it is the figure of the window; values(model, brush)
 * gives null when the report does not have it, and `missing` says why.
 */
export const METRICS = {
	peak: { title: 'At the peak', unit: 'bytes', values: whole('peak_bytes') },
	live: { title: 'Alive at the end', unit: 'bytes', values: whole('live_bytes') },
	moment: {
		title: 'At the end of the selection', unit: 'bytes', windowed: true, needsBrush: true,
		values: (model, brush) => (brush ? model.windowOfSites(brush, 'live_bytes') : null),
		missing: 'Select a span of time in the strip above: this is what was alive at its end.',
	},
	allocated: {
		title: 'Allocated', unit: 'bytes', windowed: true,
		values: (model, brush) => (brush && model.windowOfSites(brush, 'allocated_bytes')) || whole('allocated_bytes')(model),
	},
	allocations: {
		title: 'Blocks allocated', unit: 'count', windowed: true,
		values: (model, brush) => (brush && model.windowOfSites(brush, 'allocations')) ||
			Float64Array.from(model.sites.column('allocations'), (n, i) => n + model.sites.number('reallocations', i)),
	},
	temporary: { title: 'Temporary blocks', unit: 'count', values: whole('temporary_allocations') },
	leaked: {
		title: 'Leaked (definite, indirect)', unit: 'bytes',
		values: (model) => (model.tables.leaks_summary.number('observable', 0)
			? model.byNode(model.tables.leaks, 'bytes', (i) => ['definite', 'indirect'].includes(model.tables.leaks.text('kind', i))) : null),
		missing: 'Leaks are not observable in this trace.',
	},
	retained: {
		title: 'Retained', unit: 'bytes',
		values: (model) => (model.tables.held_paths.rows ? model.byNode(model.tables.held_paths, 'retained_bytes') : null),
		missing: 'There is no heap graph in this trace: memscope-record takes one at exit unless it is told --graph=off.',
	},
};
