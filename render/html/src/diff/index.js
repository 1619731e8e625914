/* index.js - the table of views of a comparison; a view is an object as in ../views/index.js, its model the one of model.js here. */
import overview from './overview.js';
import sites from './sites.js';

export const VIEWS = [overview, sites];
