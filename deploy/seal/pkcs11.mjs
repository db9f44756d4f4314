#!/usr/bin/env node
// A seal program (node_key.seal_program) for an HSM: the node key is wrapped with AES-256-GCM by a key that never leaves
// the token. The node's id is its associated data, so one node's file opens for no other.
//
//   QUORATE_PKCS11_MODULE     the token's library, for example /usr/lib/softhsm/libsofthsm2.so
//   QUORATE_PKCS11_TOKEN      the label of the token
//   QUORATE_PKCS11_KEY        the label of the key
//   QUORATE_PKCS11_PIN_FILE   a file that holds the PIN of its user
//
// `pkcs11.mjs make-key` makes the key in the token: AES-256, sensitive, never to be extracted.
// It needs the package pkcs11js, a native one that npm compiles: `npm install pkcs11js@2.1.7` beside this file, or anywhere
// that NODE_PATH names. The library runs in a process of its own, never in the node's.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/* What is wrapped:  u8 1 ‖ nonce (12) ‖ ciphertext ‖ tag (16) */
const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BITS = 128;
const OUTPUT_BYTES_MAX = 1_024;

const pkcs11 = createRequire(import.meta.url)('pkcs11js');

function need(name) {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is not set`);
}

/** Runs `use` in a session of the token's user, and closes all that it opened. */
function withSession(use) {
  const hsm = new pkcs11.PKCS11();
  hsm.load(need('QUORATE_PKCS11_MODULE'));
  hsm.C_Initialize();
  try {
    const label = need('QUORATE_PKCS11_TOKEN');
    const slot = hsm
      .C_GetSlotList(true)
      .find((each) => hsm.C_GetTokenInfo(each).label.trim() === label);
    if (slot === undefined) throw new Error(`there is no token ${label}`);
    const session = hsm.C_OpenSession(slot, pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION);
    hsm.C_Login(
      session,
      pkcs11.CKU_USER,
      readFileSync(need('QUORATE_PKCS11_PIN_FILE'), 'utf8').trim(),
    );
    return use(hsm, session);
  } finally {
    hsm.C_Finalize();
  }
}

function keyIn(hsm, session) {
  const label = need('QUORATE_PKCS11_KEY');
  hsm.C_FindObjectsInit(session, [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_LABEL, value: label },
  ]);
  const [key, second] = hsm.C_FindObjects(session, 2);
  hsm.C_FindObjectsFinal(session);
  if (key === undefined) throw new Error(`the token has no key ${label}`);
  if (second !== undefined) throw new Error(`the token has several keys ${label}`);
  return key;
}

function gcm(nonce) {
  return {
    mechanism: pkcs11.CKM_AES_GCM,
    parameter: {
      type: pkcs11.CK_PARAMS_AES_GCM,
      iv: nonce,
      ivBits: 8 * NONCE_BYTES,
      aad: Buffer.from(`quorate/1 node key: ${need('QUORATE_NODE_ID')}`),
      tagBits: TAG_BITS,
    },
  };
}

function wrap(hsm, session, input) {
  const nonce = randomBytes(NONCE_BYTES);
  hsm.C_EncryptInit(session, gcm(nonce), keyIn(hsm, session));
  const sealed = hsm.C_Encrypt(session, input, Buffer.alloc(OUTPUT_BYTES_MAX));
  return Buffer.concat([Buffer.of(FORMAT), nonce, sealed]);
}

function unwrap(hsm, session, input) {
  if (input[0] !== FORMAT) throw new Error('this was not wrapped by pkcs11.mjs');
  const nonce = input.subarray(1, 1 + NONCE_BYTES);
  hsm.C_DecryptInit(session, gcm(nonce), keyIn(hsm, session));
  return hsm.C_Decrypt(session, input.subarray(1 + NONCE_BYTES), Buffer.alloc(OUTPUT_BYTES_MAX));
}

function makeKey(hsm, session) {
  const label = need('QUORATE_PKCS11_KEY');
  hsm.C_FindObjectsInit(session, [{ type: pkcs11.CKA_LABEL, value: label }]);
  const found = hsm.C_FindObjects(session, 1);
  hsm.C_FindObjectsFinal(session);
  if (found.length > 0) throw new Error(`the token has a key ${label} already`);
  hsm.C_GenerateKey(session, { mechanism: pkcs11.CKM_AES_KEY_GEN, parameter: null }, [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_LABEL, value: label },
    { type: pkcs11.CKA_VALUE_LEN, value: 32 },
    { type: pkcs11.CKA_TOKEN, value: true },
    { type: pkcs11.CKA_PRIVATE, value: true },
    { type: pkcs11.CKA_SENSITIVE, value: true },
    { type: pkcs11.CKA_EXTRACTABLE, value: false },
    { type: pkcs11.CKA_ENCRYPT, value: true },
    { type: pkcs11.CKA_DECRYPT, value: true },
  ]);
  return '';
}

const ACTIONS = {
  wrap: (hsm, session) => wrap(hsm, session, readFileSync(0)),
  unwrap: (hsm, session) => unwrap(hsm, session, readFileSync(0)),
  'make-key': makeKey,
};

try {
  const action = ACTIONS[process.argv[2]];
  if (action === undefined) throw new Error('pkcs11.mjs wrap|unwrap|make-key');
  process.stdout.write(withSession(action));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
