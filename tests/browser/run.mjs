/*
 * run.mjs - opens the reports that run.sh made in a browser: node run.mjs BROWSER FOLDER-OF-NODE-MODULES FOLDER-OF-REPORTS [WORD: only tests
 * with it in their names].
 *
 * Prints "ok NAME" or "FAIL NAME: why" per test. A test gets a page of its own, without network; whatever the page says on its console as a
 * warning or an error, whatever it throws and whatever it asks a network for fails the test. The tests stand by view in the files beside
 * this one.
 */
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { reportsIn } from './reports.mjs';
import { everyView, figures, samples } from './every_view.mjs';
import { annotations } from './annotations.mjs';
import { overview } from './overview.mjs';
import { selection } from './selection.mjs';
import { sites } from './sites.mjs';
import { leaks } from './leaks.mjs';
import { findings } from './findings.mjs';
import { threads } from './threads.mjs';
import { memory } from './memory.mjs';
import { snapshots } from './snapshots.mjs';
import { large } from './large.mjs';
import { hostile } from './hostile.mjs';
import { comparisons } from './compare.mjs';

const [program, modules, folder] = process.argv.slice(2).map((path) => resolve(path));
const { chromium } = createRequire(join(modules, 'x.js'))('playwright-core');
const tests = [];
const tools = { test: (name, run) => tests.push({ name, run }), ...reportsIn(folder) };

for (const add of [samples, everyView, figures, annotations, overview, selection, sites, leaks, findings, threads, memory, snapshots, large, hostile, comparisons])
	add(tools);

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
		console.log(`FAIL ${name}: ${error.message.replaceAll('\n', '\n    ')}\n    ${error.stack.split('\n').find((line) => line.includes('/tests/browser/')) ?? ''}`);
		await Promise.all(browser.contexts().map((context) => context.close()));
	}
}
await browser.close();
process.exit(failed ? 1 : 0);
