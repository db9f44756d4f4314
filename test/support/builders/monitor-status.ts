import type { MonitorStatus } from '../../../src/tasks/index.js';

/** Of a node whose monitor is off. */
export const NO_MONITOR: MonitorStatus = {
  mode: 'off',
  scores: [],
  verdict: undefined,
  switches: [],
  mutes: [],
  leaders: [],
};
