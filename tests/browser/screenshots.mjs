// screenshots.mjs NODE_MODULES DIR - a picture of every view of DIR/report.html and DIR/diff.html, and of the annotations in DIR/named.html, as
// DIR/PAGE-VIEW-COLOURS.png, 1280 pixels wide.
import { createRequire } from 'node:module';

const [modules, dir] = process.argv.slice(2);
const { chromium } = createRequire(modules + '/')('playwright-core');
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
let pictures = 0;
for (const colorScheme of ['light', 'dark'])
  for (const name of ['report', 'diff']) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, colorScheme });
    const page = await context.newPage();
    const url = `file://${dir}/${name}.html`;
    await page.goto(url);
    await page.waitForSelector('nav a');
    const views = await page.$$eval('nav a', (links) => links.map((a) => (/view=([a-z-]+)/.exec(a.getAttribute('href')) || [0, 'overview'])[1]));
    for (const view of new Set(views)) {
      if (view === 'annotations')
        continue; // this program names nothing
      await page.goto(`${url}#view=${view}`);
      await page.waitForTimeout(500);
      await page.screenshot({ path: `${dir}/${name}-${view}-${colorScheme}.png` });
      pictures++;
    }
    await context.close();
  }
// What programs name: the first row of each table opened.
for (const colorScheme of ['light', 'dark'])
  for (const [part, picture] of [['tasks', 'annotations'], ['variables', 'variables']]) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, colorScheme });
    const page = await context.newPage();
    await page.goto(`file://${dir}/named.html#view=annotations&annotations.show=${part}`);
    await page.waitForSelector('.annotations .grid-row');
    await page.locator('.annotations .grid').last().locator('.grid-row').first().click();
    await page.waitForTimeout(500);
    await page.screenshot({ path: `${dir}/report-${picture}-${colorScheme}.png` });
    pictures++;
    await context.close();
  }
await browser.close();
if (pictures < 20)
  throw new Error(`only ${pictures} pictures`);
