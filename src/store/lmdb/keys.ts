import { utf8 } from '../../common/index.js';

/** In the table `meta`: the end of the audit log. */
export const AUDIT_KEY = utf8('audit-head');
