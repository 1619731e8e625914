/*
 * build.mjs - bundles src/ into one page: node build.mjs FOLDER-OF-NODE-MODULES OUTPUT.
 *
 * Scripts become one minified script, style sheets one style; both stand inline, and the page's Content-Security-Policy allows these two by
 * their hashes and nothing else. The marks for title and data stay for render/html.c.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const [modules, output] = process.argv.slice(2).map((path) => resolve(path));
const here = dirname(fileURLToPath(import.meta.url));
const esbuild = createRequire(join(modules, 'x.js'))('esbuild');

async function bundle(entry) {
	const result = await esbuild.build({
		entryPoints: [join(here, entry)], bundle: true, minify: true, write: false, charset: 'utf8', format: 'iife', target: 'es2022',
		nodePaths: [modules], legalComments: 'none', logLevel: 'warning',
	});
	return result.outputFiles[0].text.trim();
}

function hash(text) {
	return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

// What would end the element early must not stand in it.
function checked(text, element) {
	if (text.toLowerCase().includes(`</${element}`))
		throw new Error(`the ${element} holds its own end`);
	return text;
}

const script = checked(await bundle('src/main.js'), 'script');
const style = checked(await bundle('style.css'), 'style');
const policy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
const parts = { POLICY: policy, STYLE: style, SCRIPT: script };
const page = readFileSync(join(here, 'index.html'), 'utf8').replace(/@@(POLICY|STYLE|SCRIPT)@@/g, (mark, name) => parts[name]);
for (const mark of ['@@TITLE@@', '@@DATA@@'])
	if (page.split(mark).length !== 2)
		throw new Error(`${mark} must stand in the page once`);
writeFileSync(output, page);
