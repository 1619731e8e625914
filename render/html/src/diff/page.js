/* page.js - the page of a comparison: its model, its heading, its views. */
import { duration, of } from '../format.js';
import { fileName } from '../names.js';
import { commandText } from '../run_words.js';
import { shell } from '../shell.js';
import * as state from '../state.js';
import { searchBox } from '../widgets/search.js';
import { VIEWS } from './index.js';
import { Comparison } from './model.js';

const HELP = 'Words match functions, files and modules of a call path, on either side. Filters: site:12 (the rank)  module:libc  thread:worker (view of threads)  size:>1k (mean size of a block). -word leaves out.';

/* The command, or both when they differ. short: programs without their folders, which are long and often all that differs. */
function heading(model, short) {
	const commands = ['old', 'new'].map((side) => {
		const run = model.runs.find((one) => one.side === side);
		const words = commandText(run.tables.command, run.process);
		const program = run.tables.command.rows ? run.tables.command.text('text', 0) : run.process.executable;
		const name = fileName(program);
		return short && words.startsWith(program) ? name + words.slice(program.length) : words;
	});
	return commands[0] === commands[1] ? commands[1] : `${commands[0]} → ${commands[1]}`;
}

function side(model, name) {
	const runs = model.runs.filter((run) => run.side === name);
	const file = runs[0].trace.file.replace(/^.*\//, '');
	const part = runs[0].window.given ? (runs[0].from === 0 ? `, as of ${duration(runs[0].window.to_ns)}` : `, ${duration(runs[0].from)} to ${duration(runs[0].window.to_ns)}`) : '';
	return `${runs.length > 1 ? `${of(runs.length, 'run')} (${file}, …)` : file}${part}`;
}

export function comparison(tables) {
	const model = new Comparison(tables);
	shell({
		model, state, views: VIEWS, heading: heading(model, true), title: heading(model, false), generator: model.info.generator,
		meta: `comparison · old: ${side(model, 'old')} · new: ${side(model, 'new')}`,
		foot: `Sizes are requested sizes. KiB = 1,024 B. ${model.several ? 'Figures of a side are medians of its runs. ' : ''}Point at a figure for the exact number.`,
		controls: () => [searchBox(model, state, { help: HELP, hint: 'Search: function, file, module:…, size:>1k' })],
	});
}
