/*
 * model.js - what the views ask about a comparison: runs, totals, call paths with both sides' numbers, and what a search matches.
 *
 * A call path is known by its row in the tables diff_rows and diff_places (html_diff.c). Metrics have the names of memscope-diff --sort; "impact"
 * is each call path's most important one. Figures are medians of the runs of a side, as in its text and JSON.
 */
import { Names } from '../names.js';
import { test } from '../query.js';

const NONE = 0xffffffff;

export class Comparison extends Names {
	constructor(tables) {
		super(tables);
		this.info = tables.diff.row();
		this.several = !!this.info.several;
		this.metrics = tables.diff_metrics.all().map((metric) => ({ ...metric, bytes: !!metric.bytes, observable: !!metric.observable }));
		this.changes = tables.diff_changes.all().map((row) => row.name);
		this.pairings = tables.diff_pairings.all().map((row) => row.name);
		this.totals = tables.diff_totals.all().map((total) => ({ ...total, bytes: !!total.bytes, observable: !!total.observable, change: this.changes[total.change] }));
		this.rows = tables.diff_rows;
		this.places = tables.diff_places;
		this.count = this.rows.rows;
		this.runs = ['old', 'new'].flatMap((side) => Array.from({ length: this.info[`${side}_runs`] }, (unused, number) => this.run(side, number)));
	}

	/* One run: its tables, by their names in a report, and the rows of those that have one. */
	run(side, number) {
		const prefix = `${side}${number}.`;
		const tables = Object.fromEntries(Object.keys(this.tables).filter((name) => name.startsWith(prefix)).map((name) => [name.slice(prefix.length), this.tables[name]]));
		const window = tables.window.row();
		return {
			side, number, tables, window, trace: tables.trace.row(), process: tables.process.row(), totals: tables.totals.row(),
			label: this.info[`${side}_runs`] > 1 ? `${side} ${number + 1}` : side, from: window.from_ns, span: Math.max(1, window.to_ns - window.from_ns),
			notes: this.tables.diff_notes.all().filter((note) => note.side === side && note.run === number).map((note) => note.text),
		};
	}

	notes() {
		return this.tables.diff_notes.all().filter((note) => note.side === '').map((note) => note.text);
	}

	metric(name) {
		return this.metrics.find((metric) => metric.name === name);
	}

	total(name) {
		return this.totals.find((total) => total.name === name);
	}

	/* The metric that views show: of the state, else of --sort; without --sort call paths are ranked by impact. */
	chosen(now) {
		return this.metric(now['diff.metric']) ? now['diff.metric'] : this.info.ranked_by;
	}

	/* {old, new, change; old_min, ... with several runs} of a call path in a metric. */
	value(row, metric) {
		const get = (column) => this.rows.number(`${metric}.${column}`, row);
		const value = { old: get('old'), new: get('new'), change: this.changes[get('change')] };
		if (this.several)
			for (const column of ['old_min', 'old_max', 'new_min', 'new_max'])
				value[column] = get(column);
		return value;
	}

	/* Its most important metric; null: nothing in it changed. */
	impact(row) {
		return this.places.number('rank', row) ? this.metrics[this.places.number('metric', row)].name : null;
	}

	isChange(change) {
		return change !== 'same' && change !== 'noise';
	}

	isMoved(row) {
		return ['fuzzy', 'merged'].includes(this.pairings[this.rows.number('pairing', row)]);
	}

	/* {side, node} of the stack that stands for a call path: the new one, else the old one. */
	node(row) {
		return this.places.number('new_node', row) || this.places.number('old_node', row);
	}

	/* The line that names a call path, and what it was called on the old side when that is another name ("" = the same). */
	place(row) {
		const before = this.places.number('old_line', row);
		const after = this.places.number('new_line', row);
		const line = this.line(after === NONE ? before : after);
		const was = before === NONE || after === NONE ? line : this.line(before);
		return { ...line, was: was.function === line.function ? '' : was.name };
	}

	/* ---- search ------------------------------------------------------------------------------------------------------ */

	subject(row) {
		const before = this.places.number('old_node', row);
		const after = this.places.number('new_node', row);
		const { rows, places } = this;
		const module = () => this.place(row).module.toLowerCase();
		return {
			id: places.number('rank', row), has: (text) => this.nodesWith(text)[after] === 1 || this.nodesWith(text)[before] === 1, life: null,
			get module() {
				return module();
			},
			get size() {
				const side = rows.number('new_paths', row) ? 'new' : 'old';
				const begun = rows.number(`allocations.${side}`, row) + rows.number(`reallocations.${side}`, row);
				return begun ? rows.number(`allocated-bytes.${side}`, row) / begun : 0;
			},
		};
	}

	query(state) {
		return this.once(`comparison query ${state.q}`, () => {
			const query = super.query(state);
			return { ...query, problems: query.life === undefined ? query.problems : [...query.problems, 'a comparison has no lifetimes'], life: undefined };
		});
	}

	/* What a finding has to say to a search: all that stands on its stacks. */
	findingSubject(finding) {
		const lines = this.once(`lines of finding ${finding.id} ${finding.fingerprint}`, () => [finding.error_node, finding.free_node, finding.allocation_node].flatMap((node) => this.stack(node).map((line) => this.line(line))));
		const text = lines.map((line) => `${line.full}\n${line.where}\n${line.module}`).concat(finding.kind, finding.message, finding.fingerprint).join('\n').toLowerCase();
		return { id: -1, has: (word) => text.includes(word), module: text, size: finding.block_known ? finding.block_size_bytes : 0, life: null };
	}

	/* 1 for each call path that the search matches, 0 else; null: there is no search. */
	matches(state) {
		const query = this.query(state);
		if (query.empty)
			return null;
		return this.once(`matches ${state.q}`, () => Uint8Array.from({ length: this.count }, (unused, row) => (test(query, this.subject(row)) ? 1 : 0)));
	}
}
