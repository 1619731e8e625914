/*
 * _dh_view.mjs - opens a file in Valgrind's dh_view.html: node _dh_view.mjs BROWSER NODE_MODULES DH_VIEW.HTML FILE
 *
 * Prints JSON: the text of the page, of its totals and of its first call path, for each sort metric that the data allows; ends with 1 when the
 * page says, throws or logs an error, or asks a network for something.
 */
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [program, modules, view, file] = process.argv.slice(2).map((path) => resolve(path));
const { chromium } = createRequire(join(modules, 'x.js'))('playwright-core');
const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu'] });
const page = await (await browser.newContext({ offline: true })).newPage();
const errors = [];
page.on('pageerror', (error) => errors.push(String(error)));
page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
page.on('request', (request) => /^(file|blob|data):/.test(request.url()) || errors.push(`asked for ${request.url()}`));
await page.goto(pathToFileURL(view).href);
await page.setInputFiles('input[type=file]', file);
await page.waitForFunction(() => /Total:|rror/.test(document.body.innerText), null, { timeout: 30000 });
const seen = await page.evaluate(() => document.body.innerText);
const sorts = await page.evaluate(() => [...document.querySelector('select').options].filter((option) => !option.disabled).map((option) => option.label));
for (const label of sorts) {
	await page.selectOption('select', { label });
	await page.waitForFunction(() => /Total:|rror/.test(document.body.innerText), null, { timeout: 30000 });
}
if (await page.locator('.error').count())
	errors.push(await page.locator('.error').first().innerText());
await browser.close();
process.stdout.write(JSON.stringify({ text: seen, sorts, errors }));
process.exit(errors.length ? 1 : 0);
