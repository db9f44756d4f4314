/** Kinds of messages about an attempt of any protocol: they belong to no round, and may change. */
export const DECLINED_KIND = 'attempt/declined';
export { COMPLAINT_KIND } from '../blame/index.js';
