const NO_TLS = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_UNSUPPORTED_PROTOCOL',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
]);
/** OpenSSL has some ten codes for a chain that leads to no authority of ours. */
const NO_CHAIN = /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|INVALID_|PATH_LENGTH_)/;

/** Claims that the far end does not speak TLS 1.3. */
export function isNoTls(code: string): boolean {
  return NO_TLS.has(code);
}

/** Claims that the far end's certificate is not accepted. CERT_HAS_EXPIRED and CERT_NOT_YET_VALID are among the codes. */
export function isNoChain(code: string): boolean {
  return NO_CHAIN.test(code);
}
