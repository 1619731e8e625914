/* process.js - what was recorded and how, run by run: commands, hosts, options, loss, modules; what differs between the runs is marked. */
import { h, replace } from '../dom.js';
import { bytes, count, duration, exactBytes, of, share } from '../format.js';
import { commandText, endedText, startText } from '../run_words.js';

/* What a row is called, and what a run has there; `own`: it differs between any two runs, so that a difference says nothing. */
const ROWS = [
	{ title: 'Command', code: true, of: (run) => commandText(run.tables.command, run.process) },
	{ title: 'Executable', code: true, of: (run) => run.process.executable },
	{ title: 'Working directory', code: true, of: (run) => run.process.working_directory },
	{ title: 'Trace', code: true, own: true, of: (run) => run.trace.file },
	{ title: 'Part', of: (run) => (run.window.given ? `${duration(run.window.from_ns)} to ${duration(run.window.to_ns)}, ${of(run.window.to_event - run.window.from_event, 'event')}` : 'all of it') },
	{ title: 'Began', own: true, of: (run) => startText(run.process) },
	{ title: 'Duration', own: true, of: (run) => duration(run.trace.duration_ns), exact: (run) => `${count(run.trace.duration_ns)} ns` },
	{ title: 'Ended', of: (run) => endedText(run.trace, run.process) },
	{ title: 'Quality', of: (run) => run.tables.verdict.all().find((row) => row.topic === 'quality').text },
	{ title: 'Notes', of: (run) => run.tables.notes.all().filter((row) => row.topic === 'quality').map((row) => row.text).join('; ') || 'none' },
	{ title: 'Events', own: true, of: (run) => count(run.trace.events) },
	{ title: 'Lost events', of: (run) => count(run.trace.lost_events) },
	{ title: 'Unmatched frees', of: (run) => count(run.trace.unmatched_frees) },
	{ title: 'Trace size', own: true, of: (run) => bytes(run.trace.bytes), exact: (run) => exactBytes(run.trace.bytes) },
	{ title: 'Frames with a function name', of: (run) => share(run.trace.symbolized_frames, run.trace.frames) },
	{ title: 'Host', of: (run) => run.process.host || '(unknown)' },
	{ title: 'Kernel', of: (run) => `${run.process.kernel} ${run.process.architecture}` },
	{ title: 'Recorder', of: (run) => run.process.recorder },
	{ title: 'Allocator', of: (run) => run.process.allocator },
	{ title: 'Process', own: true, of: (run) => `${run.process.pid}, child of ${run.process.parent_pid}` },
	{ title: 'Stack depth limit', of: (run) => (run.process.stack_depth_limit ? count(run.process.stack_depth_limit) : 'none') },
	{ title: 'Guard', of: (run) => `${run.process.guard}${run.process.guard_side ? `, ${run.process.guard_side}` : ''}` },
	{ title: 'Options', code: true, of: (run) => run.tables.recorder_options.all().map((row) => row.text).join(' ') || '(none)' },
];

function runsTable(model) {
	const differs = (row) => !row.own && new Set(model.runs.map(row.of)).size > 1;
	return h('div.scroll-x', {}, h('table.plain.runs', {},
		h('thead', {}, h('tr', {}, h('th', {}, ''), model.runs.map((run) => h('th', { scope: 'col' }, run.label)))),
		h('tbody', {}, ROWS.map((row) => h(differs(row) ? 'tr.differs' : 'tr', {}, h('th', { scope: 'row' }, row.title, differs(row) ? h('span.differs-mark', { title: 'The runs differ here' }, ' ≠') : null),
			model.runs.map((run) => h(row.code ? 'td.code' : 'td', { title: row.exact?.(run) }, row.of(run))))))));
}

/* Modules by file name: of the same build when the build-ids are the same. */
function modules(model) {
	const names = new Map();
	model.runs.forEach((run, i) => {
		for (const module of run.tables.loaded.all()) {
			const name = module.module.slice(module.module.lastIndexOf('/') + 1) || '(unknown)';
			const row = names.get(name) ?? { name, builds: model.runs.map(() => new Set()) };
			row.builds[i].add(module.build_id || 'no build-id');
			names.set(name, row);
		}
	});
	const text = (set) => [...set].sort().join(' ') || '–';
	const rows = [...names.values()].map((row) => ({ ...row, differs: new Set(row.builds.map(text)).size > 1 })).sort((a, b) => b.differs - a.differs || (a.name < b.name ? -1 : 1));
	return h('section.card', { 'aria-labelledby': 'modules-title' }, h('h2', { id: 'modules-title' }, 'Modules', h('span.quiet', {}, ` ${count(rows.filter((row) => row.differs).length)} of ${count(rows.length)} are other builds, or not in every run`)),
		h('div.scroll-x', {}, h('table.plain.runs', {}, h('thead', {}, h('tr', {}, h('th', {}, 'Module'), model.runs.map((run) => h('th', { scope: 'col' }, `build-id, ${run.label}`)))),
			h('tbody', {}, rows.map((row) => h(row.differs ? 'tr.differs' : 'tr', {}, h('th', { scope: 'row' }, h('span.code', {}, row.name), row.differs ? h('span.differs-mark', {}, ' ≠') : null), row.builds.map((set) => h('td.code', { title: text(set) }, text(set).slice(0, 40)))))))));
}

export default {
	id: 'process',
	title: 'Process',
	empty: () => null,
	render(root, { model }) {
		replace(root, h('div.process', {}, h('section.card', { 'aria-labelledby': 'runs-title' }, h('h2', { id: 'runs-title' }, 'Runs', h('span.quiet', {}, ' rows with ≠ differ')), runsTable(model)), modules(model)));
	},
};
