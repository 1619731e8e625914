/* index.js - the table of views of a comparison; a view is an object as in ../views/index.js, its model the one of model.js here. */
import findings from './findings.js';
import flame from './flame.js';
import overview from './overview.js';
import process from './process.js';
import sites from './sites.js';
import threads from './threads.js';
import timeline from './timeline.js';

export const VIEWS = [overview, timeline, flame, sites, findings, threads, process];
