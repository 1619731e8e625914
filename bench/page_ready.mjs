// page_ready.mjs NODE_MODULES FILE.html - opens a report in Chromium, from disk: prints "FIRST_PAINT READY" in seconds since navigation began.
// Ready: the overview is drawn (a view's heading or card stands in the document) and the browser has painted it.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, file] = process.argv.slice(2).map((path) => resolve(path));
const { chromium } = createRequire(modules + '/')('playwright-core');
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector('main .card', { timeout: 60000 });
  const ready = await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))));
  const paint = await page.evaluate(() => performance.getEntriesByType('paint').find((one) => one.name === 'first-contentful-paint')?.startTime ?? 0);
  console.log((paint / 1000).toFixed(4), (ready / 1000).toFixed(4));
} finally {
  await browser.close();
}
