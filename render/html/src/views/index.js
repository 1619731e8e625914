/*
 * index.js - the table of views. A view is a file that exports one object:
 *
 *   id, title           in the URL's hash, on the tab
 *   empty(model)        null, or why there is nothing to show (and which option would record it)
 *   render(root, {model, state})   fills root; returns {update(now, keys), destroy()}, both optional: update is called when the state changed
 *
 * docs/HOWTO_ADD_VIEW.md says the rest.
 */
import address from './address.js';
import annotations from './annotations.js';
import findings from './findings.js';
import flame from './flame.js';
import leaks from './leaks.js';
import overview from './overview.js';
import process from './process.js';
import sites from './sites.js';
import sizes from './sizes.js';
import snapshots from './snapshots.js';
import system from './system.js';
import threads from './threads.js';
import timeline from './timeline.js';

export const VIEWS = [overview, timeline, flame, sites, leaks, findings, sizes, threads, annotations, address, system, snapshots, process];
