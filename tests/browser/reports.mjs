/*
 * reports.mjs - the reports that run.sh made, for run.mjs and the tests: as data, as JSON, and opened in a browser.
 *
 * A page is without network; what it says on its console as a warning or an error, what it throws and what it asks a network for is kept
 * in `said`, and `quiet` fails when there is any.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import assert from 'node:assert/strict';
import { decode } from '../../render/html/src/data.js';

export const TRACES = ['jq', 'threads', 'cxx', 'redis', 'zoo', 'leaks', 'both', 'nograph', 'annotated', 'tasks', 'empty', 'sample', 'hostile', 'window', 'ending', 'cut'];

/* As the page writes them. */
export const number = (value) => value.toLocaleString('en-US');
export const exact = (value) => `${number(value)} B`;

/* What tests are written with, over the reports in a folder. */
export function reportsIn(folder) {
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

	/* Suppressions of a file by the fingerprint that each begins with. */
	function suppressionsOf(name) {
		return new Map([...readFileSync(join(folder, `${name}.supp`), 'utf8').matchAll(/^\{\n   (\S+)\n[^]*?^\}\n/gm)].map((one) => [one[1], one[0]]));
	}

	/* Steps of the timeline at whose ends there is a report of the moment, NAME@STEP.json; the first one first. */
	const stepsOf = (name) => readdirSync(folder).map((file) => new RegExp(`^${name}@([0-9]+)\\.json$`).exec(file)).filter(Boolean).map((match) => Number(match[1])).sort((x, y) => x - y);

	const text = (page, selector) => page.locator(selector).first().innerText();
	const viewIds = (page) => page.$$eval('.tabs a', (links) => links.map((link) => link.dataset.view));
	const hashOf = (page) => page.evaluate(() => location.hash);
	const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
	const unhacked = async (page) => assert.equal(await page.evaluate(() => typeof window.hacked), 'undefined');

	return { folder, json, html, data, open, suppressionsOf, stepsOf, text, viewIds, hashOf, overflow, unhacked };
}
