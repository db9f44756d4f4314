/** ECDSA over SHA-256 of `message`; public keys uncompressed, signatures r ‖ s or DER as named. Hexadecimal. */
export const RFC6979_P256 = {
  publicKey:
    '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
    '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
  /** RFC 6979, A.2.5, with SHA-256: the first has the higher s. */
  signatures: [
    {
      message: 'sample',
      isLow: false,
      raw:
        'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716' +
        'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
    },
    {
      message: 'test',
      isLow: true,
      raw:
        'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367' +
        '019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083',
    },
  ],
} as const;

const R = '813ef79ccefa9a56f7ba805f0e478584fe5f0dd5f567bc09b5123ccbc9832365';
const S = '6ff18a52dcc0336f7af62400a6dd9b810732baf1ff758000d6f613a556eb31ba';
const HIGH_S = '900e75ad233fcc908509dbff5922647db37c21f4afd3203ae8dc4ae7794b0f87';
const N = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
const N_1 = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140';
const P = 'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f';
const ZERO = '00'.repeat(32);
const ONE = `${'00'.repeat(31)}01`;
const RS = `022100${R}0220${S}`;

/** C2SP/wycheproof, testvectors_v1, ecdsa_secp256k1_sha256_{p1363,bitcoin}_test.json: the first group of each. */
export const WYCHEPROOF_SECP256K1 = {
  message: '123400',
  publicKey:
    '04b838ff44e5bc177bf21189d0766082fc9d843226887fc9760371100b7ee20a6f' +
    'f0c9d75bfba7b31a6bca1974496eeb56de357071955d83c4b1badaa0b21832e9',
  raw: { valid: `${R}${S}`, high: `${R}${HIGH_S}` },
  der: { valid: `3045${RS}`, high: `3046022100${R}022100${HIGH_S}` },
  wrongRaw: {
    'r replaced by n - r': `7ec10863310565a908457fa0f1b87a79bc4fcf10b9e0e4320ac021c106b31ddc${S}`,
    'r + n, of 33 bytes': `01813ef79ccefa9a56f7ba805f0e478583b90deabca4b05c4574e49b5899b964a600${S}`,
    'r = 0 and s = 0': `${ZERO}${ZERO}`,
    'r = 0 and s = 1': `${ZERO}${ONE}`,
    'r = 0 and s = n - 1': `${ZERO}${N_1}`,
    'r = 1 and s = 0': `${ONE}${ZERO}`,
    'r = 1 and s = 1': `${ONE}${ONE}`,
    'r = 1 and s = n': `${ONE}${N}`,
    'r = 1 and s = p': `${ONE}${P}`,
    'r = n and s = 1': `${N}${ONE}`,
    'r = n and s = n': `${N}${N}`,
    'r = n - 1 and s = n - 1': `${N_1}${N_1}`,
    'r = p and s = 1': `${P}${ONE}`,
  },
  wrongDer: {
    'a long form of the length': `308145${RS}`,
    'a zero before the length': `30820045${RS}`,
    'a length of 70 for 69': `3046${RS}`,
    'a length of 68 for 69': `3044${RS}`,
    'a length over 32 bits': `30850100000045${RS}`,
    'a length over 64 bits': `3089010000000000000045${RS}`,
    'an indefinite length': `3080${RS}`,
    'no bytes': '',
    'a tag alone': '30',
    'a length that is cut off': '3081',
    'zeros after r and s': `3047${RS}0000`,
    'zeros before r and s': `30470000${RS}`,
    'zeros after the sequence': `3045${RS}0000`,
    'a null after r and s': `3047${RS}0500`,
    'bytes before the sequence': `304a4981773045${RS}`,
    'an undefined tag': `304daa00bb00cd003045${RS}`,
    'null in its place': '0500',
    'another tag': `3145${RS}`,
  },
} as const;

/** EIP-55, the addresses of its test cases. */
export const EIP55 = [
  '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
  '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
  '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
  '0x52908400098527886E0F7030069857D2E4169EE7',
  '0x8617E340B3D01FA5F11F306F4090FD50E238070D',
  '0xde709f2102306220921060314715629080e2fb77',
  '0x27b1fdb04752bbc536007a920d24acb045561c26',
] as const;

/** EIP-155, its example: what is hashed with Keccak-256, the secret key, and the signature with v = 37 for chain id 1. */
export const EIP155 = {
  secretKey: '46'.repeat(32),
  address: '0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F',
  encoded:
    'ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080',
  digest: 'daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53',
  r: '28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276',
  s: '67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83',
  chainId: 1,
  v: 37,
} as const;
