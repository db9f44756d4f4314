/* Reasons of signers to take no part in a session, besides those of every kind. Peers and leaders compare them. */

/** The version has failed too often here, until it is shared anew or an operator clears it. */
export const FAILED_TOO_OFTEN = { reason: 'failed-too-often' } as const;
/** The session names a node that was silent too often. The refusal's index names it. */
export const SILENT_NODE = { reason: 'silent-node' } as const;
/** The session failed, and the node that the refusal's index names did not show in time what it had done. */
export const SILENT_IN_BLAME = { reason: 'silent-in-blame' } as const;
