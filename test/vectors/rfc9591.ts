import { Algorithm } from '../../src/wire/index.js';

/**
 * RFC 9591, appendix E: E.1 FROST(Ed25519, SHA-512), E.4 FROST(P-256, SHA-256), E.5 FROST(secp256k1, SHA-256), each 2-of-3
 * with participants 1 and 3. Hexadecimal.
 */
export const RFC9591 = [
  {
    algorithm: Algorithm.FROST_ED25519_SHA512,
    threshold: 2,
    count: 3,
    secret: '7b1c33d3f5291d85de664833beb1ad469f7fb6025a0ec78b3a790c6e13a98304',
    coefficient: '178199860edd8c62f5212ee91eff1295d0d670ab4ed4506866bae57e7030b204',
    publicKey: '15d21ccd7ee42959562fc8aa63224c8851fb3ec85a3faf66040d380fb9738673',
    message: '74657374',
    keyShares: [
      '929dcc590407aae7d388761cddb0c0db6f5627aea8e217f4a033f2ec83d93509',
      'a91e66e012e4364ac9aaa405fcafd370402d9859f7b6685c07eed76bf409e80d',
      'd3cb090a075eb154e82fdb4b3cb507f110040905468bb9c46da8bdea643a9a02',
    ],
    signers: [
      {
        index: 1,
        hidingRandomness: '0fd2e39e111cdc266f6c0f4d0fd45c947761f1f5d3cb583dfcb9bbaf8d4c9fec',
        bindingRandomness: '69cd85f631d5f7f2721ed5e40519b1366f340a87c2f6856363dbdcda348a7501',
        d: '812d6104142944d5a55924de6d49940956206909f2acaeedecda2b726e630407',
        e: 'b1110165fc2334149750b28dd813a39244f315cff14d4e89e6142f262ed83301',
        D: 'b5aa8ab305882a6fc69cbee9327e5a45e54c08af61ae77cb8207be3d2ce13de3',
        E: '67e98ab55aa310c3120418e5050c9cf76cf387cb20ac9e4b6fdb6f82a469f932',
        rho: 'f2cb9d7dd9beff688da6fcc83fa89046b3479417f47f55600b106760eb3b5603',
        share: '001719ab5a53ee1a12095cd088fd149702c0720ce5fd2f29dbecf24b7281b603',
      },
      {
        index: 3,
        hidingRandomness: '86d64a260059e495d0fb4fcc17ea3da7452391baa494d4b00321098ed2a0062f',
        bindingRandomness: '13e6b25afb2eba51716a9a7d44130c0dbae0004a9ef8d7b5550c8a0e07c61775',
        d: 'c256de65476204095ebdc01bd11dc10e57b36bc96284595b8215222374f99c0e',
        e: '243d71944d929063bc51205714ae3c2218bd3451d0214dfb5aeec2a90c35180d',
        D: 'cfbdb165bd8aad6eb79deb8d287bcc0ab6658ae57fdcc98ed12c0669e90aec91',
        E: '7487bc41a6e712eea2f2af24681b58b1cf1da278ea11fe4e8b78398965f13552',
        rho: 'b087686bf35a13f3dc78e780a34b0fe8a77fef1b9938c563f5573d71d8d7890f',
        share: 'bd86125de990acc5e1f13781d8e32c03a9bbd4c53539bbc106058bfd14326007',
      },
    ],
    signature:
      '36282629c383bb820a88b71cae937d41f2f2adfcc3d02e55507e2fb9e2dd3cbe' +
      'bd9d2b0844e49ae0f3fa935161e1419aab7b47d21a37ebeae1f17d4987b3160b',
  },
  {
    algorithm: Algorithm.FROST_P256_SHA256,
    threshold: 2,
    count: 3,
    secret: '8ba9bba2e0fd8c4767154d35a0b7562244a4aaf6f36c8fb8735fa48b301bd8de',
    coefficient: '80f25e6c0709353e46bfbe882a11bdbb1f8097e46340eb8673b7e14556e6c3a4',
    publicKey: '023a309ad94e9fe8a7ba45dfc58f38bf091959d3c99cfbd02b4dc00585ec45ab70',
    message: '74657374',
    keyShares: [
      '0c9c1a0fe806c184add50bbdcac913dda73e482daf95dcb9f35dbb0d8a9f7731',
      '8d8e787bef0ff6c2f494ca45f4dad198c6bee01212d6c84067159c52e1863ad5',
      '0e80d6e8f6192c003b5488ce1eec8f5429587d48cf001541e713b2d53c09d928',
    ],
    signers: [
      {
        index: 1,
        hidingRandomness: '4a8477d587f118308d3069e63995feec76f5d9b83ab7d9bce2fc8011d3462bb4',
        bindingRandomness: '62cbcda4d3d0df22b8dcc973714bc50c4ebb12caed8266df5e1a49cb73c0bcff',
        d: 'a5d80a9eb6454a912473d129effd1eb6610ab556fbb2d198594947ea87be88bf',
        e: '224bf61f1b423a20d1e4e74d6de7f6fe492488067c6f3b36b0aba601ae74eae1',
        D: '0211fe5268b9341f6de336fbb797effb21160bc836be0a7521ba02864019c94e97',
        E: '03022d2adb2825f4233c21e6a182a91078368bc6b6b2736586a016d2656a14937a',
        rho: 'f3524ed2b393ae51a66c8de55b65bea32532d7d90e34a6419ec32ea42201b846',
        share: '3913cccb804dd81498c9f2873ce7f7d39accf7def963ee2e18817955462ca88a',
      },
      {
        index: 3,
        hidingRandomness: 'da6c48369ed5170e8000a3d379c07c426a98620e7f7835334c87721e090188bc',
        bindingRandomness: 'b9c65da6de960b4c3eea5fb951e51aba852a91b7f893fbf8976c7a945e41d86d',
        d: '9a98a4bb403c55b194c470b4f05a11bf240b770e4ef8730c83f737a3308b5f01',
        e: '6d18b61b5353af66f9ebee38fda169d7c01f0b2a51fc68ed7a526a79ed87eb86',
        D: '02d4bfd0ce577be72c1e9d1dd981490a15bf56518d194db0b61bfb3deb00c85d21',
        E: '02a03c9990a3f79be07da4531ea8e2e90afbaf74ea31731f6d98113370a003f804',
        rho: 'a44f422051188cb7b48e8a326b961cef99ab1bd47d8425a130794767e7c7bc05',
        share: '9149aa8ac15e6e7481f9e3816135bc9e18de1f5dd1f472073fa00c8ef8e749bb',
      },
    ],
    signature:
      '02aea65143565d19f2811d6c1d7a7486fdd57dd3f6b08d8653ca260ec0ebe00b61' +
      'ca5d775641ac46891ac3d6089e1db471b3ab173ccb586035582185e43f13f245',
  },
  {
    algorithm: Algorithm.FROST_SECP256K1_SHA256,
    threshold: 2,
    count: 3,
    secret: '0d004150d27c3bf2a42f312683d35fac7394b1e9e318249c1bfe7f0795a83114',
    coefficient: 'fbf85eadae3058ea14f19148bb72b45e4399c0b16028acaf0395c9b03c823579',
    publicKey: '02f37c34b66ced1fb51c34a90bdae006901f10625cc06c4f64663b0eae87d87b4f',
    message: '74657374',
    keyShares: [
      '08f89ffe80ac94dcb920c26f3f46140bfc7f95b493f8310f5fc1ea2b01f4254c',
      '04f0feac2edcedc6ce1253b7fab8c86b856a797f44d83d82a385554e6e401984',
      '00e95d59dd0d46b0e303e500b62b7ccb0e555d49f5b849f5e748c071da8c0dbc',
    ],
    signers: [
      {
        index: 1,
        hidingRandomness: 'bda8e748e599187762cff956f03dc6ea13fc8e04491a0427b7e6e78600f41c52',
        bindingRandomness: '2ca682429bf05df435b9927b8edb1d748278f3e42fa11ef358e49bbf4a1b780d',
        d: '09764379667f9a9fa61928947bd925a7f162b21886b750d3b11c226d16b32f58',
        e: 'b2d3f8cb9da70984354c3fc3511b1f6ed21b7205941cb5553565d2ecade8c694',
        D: '0305e62a1d3f57a0b17ade569a3a4043e2a1fc3bd0b102614a8d8cc68e3322ad89',
        E: '03b634c2aed7f85b8eec22e97e5f916ab43a3518821480e15da2af7cffcb060a30',
        rho: '9bee5aef4012de4b94c9fc1a9a9572181079e293bf1d7545a5af0ef86f824a91',
        share: 'ca54b18d7449377cfa680760a5770b9e64e201f7ea36b068effeca5fce2155e5',
      },
      {
        index: 3,
        hidingRandomness: '70818dd5170672c4a4285fd593d4f222417f941f3118e1244955e7a1098a35d8',
        bindingRandomness: '74ca2da071ed4a2a6cad5087d6758b48a558ab5861c61117fee05757e4b1309e',
        d: '0d92e255e5b42ebc2863f8198d946fc10f388c4983073c18cbb77b88e3bf2e34',
        e: '1c7243ce00a499b1e7ce3403e7b731d0c820cf108feb8c5ee7c29b4ef43be5e0',
        D: '036f878da0dc19ba7da9f2d9e795e2674e62ff06c990fc4464cc1ed55a2acce46b',
        E: '025350e2a9e32e7b1fe0161e990623600b2d301b3307641469129cff7936c4d2ce',
        rho: 'cfe0db2197c94cc355b6ab05610f27f4a874898009c8bf007f2a4e2ce2c8306d',
        share: 'da13d054e83052568706a6d161d80f112a6bc3f76aa903c022585ae7e091e65e',
      },
    ],
    signature:
      '024c1ad4e031872661fa6ebd05dfc7fb30db08b38d79f0edbc82051ae931381bc6' +
      'a46881e25c7989d3816eae32074f1ab0d49ee908a59713ed5284c6bade7cfb02',
  },
] as const;
