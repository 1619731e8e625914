/* process.js - what was recorded, with which options, how it ended, how complete the trace is, and which files were loaded. */
import { h, replace } from '../dom.js';
import { bytes, count, duration, exactBytes, of, share } from '../format.js';
import { fileName } from '../model.js';
import { withFilter } from '../query.js';
import { commandText, endedText, startText } from '../run_words.js';
import { link } from '../widgets/link.js';
import { qualityBanner } from '../widgets/quality.js';

function facts(title, rows) {
	const id = `${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}-title`;
	return h('section.card', { 'aria-labelledby': id }, h('h2', { id }, title), h('dl.pairs', {}, rows.filter(Boolean).map(([name, value, hover]) => [h('dt', {}, name), h('dd', { title: hover }, value)])));
}

const code = (text) => h('span.code', {}, text);

function processCard(model) {
	const { process: p, trace, tables } = model;
	return facts('The program', [
		['command', code(commandText(tables.command, p))],
		['executable', code(p.executable || 'unknown')],
		['working directory', code(p.working_directory || 'unknown')],
		['process', `${p.pid}${p.parent_pid ? `, child of ${p.parent_pid}` : ''}`],
		['began', startText(p), p.start_time],
		['lasted', duration(trace.duration_ns), `${count(trace.duration_ns)} ns`],
		['ended', `${endedText(trace, p)}${trace.core_dumped ? ', dumped core' : ''}`],
		trace.images > 1 ? ['process images', `${count(trace.images)}: it replaced itself by exec, the last time after ${duration(trace.image_start_ns)}`] : null,
		['allocator', p.allocator || 'unknown'],
		['host', `${p.host || 'unknown'}${p.kernel ? `, ${p.kernel}` : ''}${p.architecture ? `, ${p.architecture}` : ''}`],
		['page size', exactBytes(p.page_size_bytes)],
	]);
}

const GUARDS = { none: 'none', canary: 'canary: redzones around blocks', full: 'full: every block against a protected page', sample: 'sample: some blocks against a protected page' };

function recordingCard(model) {
	const { process: p, trace, tables } = model;
	const r = tables.recording.row();
	const options = tables.recorder_options.all().map((row) => row.text);
	const summary = tables.findings_summary.row();
	return facts('The recording', [
		['recorder', p.recorder || 'unknown'],
		['options', options.length ? code(options.join(' ')) : 'none given'],
		['environment', 'not recorded'],
		['trace', [code(trace.file || '(unnamed)'), ` format version ${trace.format_version}, ${of(trace.events, 'event')} in ${bytes(trace.bytes)}`], exactBytes(trace.bytes)],
		['clock', p.clock ? `time stamp counter, ${(p.clock_hz / 1e6).toFixed(0)} MHz` : 'CLOCK_MONOTONIC'],
		['stacks', `${p.stack_depth_limit ? `the ${count(p.stack_depth_limit)} innermost frames` : 'whole'}, of ${p.free_stacks ? 'allocations and frees' : 'allocations (--free-stacks adds those of frees)'}`],
		['if its buffer is full', p.on_full ? 'events are dropped and counted' : 'the program waits'],
		['size limit', p.max_size_bytes ? `${bytes(p.max_size_bytes)}${trace.size_limit_reached ? ', reached' : ', not reached'}` : 'none'],
		['guard', `${GUARDS[p.guard] ?? p.guard}${p.guard_side ? `, at the ${p.guard_side} of blocks` : ''}${p.guard_sample_rate ? `, one allocation in ${count(p.guard_sample_rate)}` : ''}`],
		p.guard !== 'none' ? ['guarded blocks', `${count(r.guard_page_blocks)} by a page, ${count(r.guard_canary_blocks)} by redzones, ${count(r.guard_plain_blocks)} not; ${of(r.guard_checks, 'check')}, ${of(r.guard_calls, 'checked libc call')}${r.guard_dropped ? `, ${count(r.guard_dropped)} pieces of evidence dropped` : ''}`] : null,
		summary.companion_file ? ['the other run', [code(summary.companion_file), summary.companion_problem ? `: ${summary.companion_problem}` : ', its findings are in this report']] : null,
		['heap graph', p.graph_at_exit ? 'at exit' : 'not at exit (--graph=exit takes one)'],
		['monitor', p.monitor_interval_ns ? `every ${duration(p.monitor_interval_ns)}` : 'off (--monitor=MS looks at the process)'],
		['recorder itself', r.collector_cpu_ns || r.collector_rss_bytes ? `${duration(r.collector_cpu_ns)} of processor time, ${bytes(r.collector_rss_bytes)} resident at most${!p.backend || p.backend === 'lockfree' || p.backend.includes('/') ? ', in a process of its own' : ', inside the program'}` : 'not recorded'],
		['backend', p.backend ? `${p.backend} (${p.backend_reason})${r.backend_note ? `: ${r.backend_note}` : ''}` : 'not recorded'],
	]);
}

/* Each figure of what a trace may lack, with what it means. */
const LOSSES = [
	['lost_events', 'events lost', 'Calls that could not be recorded: counts and sums may be too low.'],
	['lost_stacks', 'events without their stack', 'A stack was wanted but could not be had.'],
	['lost_threads', 'threads not recorded', 'More threads at once than the recorder has room for.'],
	['late_events', 'late events', 'Their times were raised a little to keep the order.'],
	['unmatched_frees', 'frees of unknown blocks', 'The trace does not know the block: allocated before recording, or by other means.'],
];

function lossCard(model) {
	const { trace } = model;
	return h('section.card', { 'aria-labelledby': 'loss-title' }, h('h2', { id: 'loss-title' }, 'What the trace may lack'), h('table.plain', {},
		h('tbody', {}, LOSSES.map(([key, title, note]) => h('tr', {}, h('td.num.strong', {}, count(trace[key])), h('td', {}, title, h('div.small', {}, note)))),
			h('tr', {}, h('td.num.strong', { title: `${count(trace.symbolized_frames)} of ${of(trace.frames, 'code address')}`.replace(/ss$/, 'sses') }, share(trace.symbolized_frames, trace.frames)), h('td', {}, 'frames with a function name',
				h('div.small', {}, `${share(trace.symbolized_frame_uses, trace.frame_uses)} when weighted by the blocks under them.${trace.symbols_stored ? '' : ' Recorded without symbols: memscope-trace symbolize adds them.'}`))))));
}

function moduleCard(model, state, now) {
	const files = new Map(); // a file that was loaded again and again (exec, dlopen) is one row
	for (const row of model.tables.loaded.all()) {
		const key = `${row.module}\n${row.build_id}`;
		const one = files.get(key) ?? { ...row, images: new Set(), places: [] };
		one.images.add(row.image);
		one.places.push(`${row.start} to ${row.end}`);
		files.set(key, one);
	}
	const rows = [...files.values()];
	const allocated = new Map(model.tables.modules.all().map((row) => [row.module, row]));
	const words = model.query(now).words;
	const wanted = model.query(now).module;
	const shown = rows.filter((row) => (wanted === undefined || row.module.toLowerCase().includes(wanted)) && words.every((word) => `${row.module}\n${row.build_id}`.toLowerCase().includes(word.text) !== word.no));
	return h('section.card', { 'aria-labelledby': 'modules-title' }, h('h2', { id: 'modules-title' }, 'Executable and libraries ', h('span.quiet', {}, shown.length === rows.length ? count(rows.length) : `${count(shown.length)} of ${count(rows.length)} match the search`)),
		shown.length ? h('table.plain.loaded', {},
			h('thead', {}, h('tr', {}, h('th', {}, 'File, build-id'), h('th.wide', {}, 'Addresses'), h('th.num.wide', {}, 'Call paths'), h('th.num', {}, 'Allocated'), h('th.num.wide', {}, 'At the peak'))),
			h('tbody', {}, shown.map((row) => {
				const own = allocated.get(row.module);
				const title = row.module || '(without a file)';
				return h('tr', {}, h('td', {}, h('div.code', { title }, own ? link(state, { view: 'sites', q: withFilter('', 'module', fileName(row.module)) }, title) : title),
					h('div.build-id.code.quiet', {}, row.build_id || 'no build-id', row.places.length > 1 ? h('span.tag', { title: row.places.join('\n') }, `loaded ${count(row.places.length)} times`) : null,
						model.trace.images > 1 && row.images.size < model.trace.images ? h('span.tag', { title: 'Process images: an exec begins a new one' }, `image ${[...row.images].join(', ')}`) : null)),
				h('td.code.wide', { title: row.places.join('\n') }, row.start, h('br'), row.end), h('td.num.wide', {}, own ? count(own.sites) : ''),
				h('td.num', { title: own ? exactBytes(own.allocated_bytes) : 'No block was allocated by its code' }, own ? bytes(own.allocated_bytes) : '–'), h('td.num.wide', { title: own ? exactBytes(own.peak_bytes) : '' }, own ? bytes(own.peak_bytes) : ''));
			}))) : h('p.quiet', {}, rows.length ? 'None matches the search.' : 'The trace names none.'));
}

export default {
	id: 'process',
	title: 'Process',
	empty: () => null,
	render(root, { model, state }) {
		const modules = h('div', {});
		const update = (now, keys) => (!keys || keys.has('q')) && replace(modules, moduleCard(model, state, now));
		root.append(h('div', {}, qualityBanner(model), h('div.three', {}, processCard(model), recordingCard(model), lossCard(model)), modules,
			h('p.small', {}, 'About the whole recording: the selection of time changes nothing here; words of the search look at files and build-ids.')));
		update(state.get());
		return { update };
	},
};
