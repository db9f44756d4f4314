import { frostJobs, type JobParts } from '../frost/index.js';
import type { Jobs } from '../ports/index.js';
import { sharingJobs } from '../sharing/index.js';

/** All that a node computes behind the port, on its own thread or in a worker. */
export function algorithmJobs(parts: JobParts): Jobs {
  return new Map([...sharingJobs(parts.suiteOf), ...frostJobs(parts)]);
}
