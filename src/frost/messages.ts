/** The kind of a signer's one message in a session: its signature share. */
export const SHARE_KIND = 'frost/share';
