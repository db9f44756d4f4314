/**
 * All algorithms that a node can serve, side by side: what is computed for each of them. It knows no key, no log and no node.
 */
export { algorithmJobs } from './jobs.js';
