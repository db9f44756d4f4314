/**
 * GG20, hardened: threshold ECDSA (Gennaro and Goldfeder 2020) with the key material proofs of CGGMP24. Here are its sizes
 * (profiles), curves and numbers (parameter sets), its transcript, its proofs (zk/, one a file), the run that makes a set's material
 * (prepare/), the rounds of a signature as pure functions, and these rounds as sessions (session/). It knows no log, no node and no
 * storage: randomness, keys and messages are handed in.
 */
export { areGeneratorsRight, curvesOver } from './curve.js';
export type { Curve, CurveName } from './curve.js';
export { modulusChecks } from './modulus-checks.js';
export { decodeMaterial, encodeMaterial, isFitPair, ownMaterial } from './own-material.js';
export type { MaterialPrimes, OwnMaterial } from './own-material.js';
export type { OpenedMask, OpenedProduct, Opening5, Opening7 } from './blame/messages.js';
export type { JudgedRounds, JudgedSession } from './blame/judged.js';
export { judge5, open5 } from './blame/type5.js';
export { judge7, open7 } from './blame/type7.js';
export {
  auxDigest,
  auxLeaf,
  auxMaterialLayout,
  auxRecordLayout,
  auxRecordsOf,
} from './prepare/aux-record.js';
export type { AuxLeaves, AuxMaterial, AuxRecord } from './prepare/aux-record.js';
export { PREPARE_CURVE, prepareSet } from './prepare/facts.js';
export type { PrepareFacts } from './prepare/facts.js';
export { checkOwnSecretJob, PREPARE_JOBS } from './prepare/jobs.js';
export { judgePrepare, judgeReusedModulus, prepareReason } from './prepare/judge.js';
export type { AccusedOfPrepare, PrepareReason, OpeningSaid } from './prepare/judge.js';
export {
  PREPARE_KINDS,
  PREPARE_SAID_ONCE,
  prepareBodies,
  prepareProtocol,
} from './prepare/messages.js';
export type {
  CommitBody,
  OpenBody,
  ParametersBody,
  PrepareBodies,
  PrepareProtocol,
  PrepareRounds,
  ProveBody,
  ProveEachBody,
  PublicMaterial,
} from './prepare/messages.js';
export { publicMaterial } from './prepare/public-material.js';
export { prepareMaterial } from './prepare/prepare.js';
export type { PreparedMaterial } from './prepare/prepare.js';
export type { PrepareParts } from './prepare/run.js';
export { modulusHash } from './prepare/seen-moduli.js';
export type { SeenModuli, SeenModulus } from './prepare/seen-moduli.js';
export { presignBodies } from './presign/messages.js';
export type {
  PresignBodies,
  Round1,
  Round1Each,
  Round2Each,
  Round3,
  Round4,
  Round5,
  Round5Each,
  Round6,
} from './presign/messages.js';
export { privateHashes } from './presign/private-hashes.js';
export { openNonce, presignSsid, proveNonce } from './presign/round1.js';
export type { NonceSecrets } from './presign/round1.js';
export { answerNonce, checkNonce } from './presign/round2.js';
export type { AnswerMasks } from './presign/round2.js';
export { sumProducts, takeAnswer } from './presign/round3.js';
export type { Products, SumSecrets } from './presign/round3.js';
export { checkSums, showGamma } from './presign/round4.js';
export type { HeardPrivately } from './presign/round4.js';
export { commonNonce, proveRb, showRb } from './presign/round5.js';
export { checkRb, checkRbSum, showS } from './presign/round6.js';
export { checkS, presignatureSecret, publicPresignature, readyBytes } from './presign/round7.js';
export type { PresignPoints, PublicPresignature } from './presign/round7.js';
export { signerWeight, weightedShare } from './presign/session.js';
export type {
  BySigner,
  Fault,
  OwnSecrets,
  PresignFailure,
  PresignResult,
  SignerFacts,
  SignerSession,
} from './presign/session.js';
export { ExpandedRandom, RoundRandom, SEED_BYTES } from './round-random.js';
export type { RoundPlace } from './round-random.js';
export { SigningAbort, SilentInBlame } from './session/abort.js';
export { beginSession, beginSessionJob } from './session/begin.js';
export type {
  AskedSignature,
  BeginInput,
  BegunSession,
  SessionBasis,
  SignedBytes,
} from './session/begin.js';
export { combineBodies, shareFault } from './session/combine.js';
export type { CombinedShares, SharedSignature } from './session/combine.js';
export { publicSession } from './session/facts.js';
export type {
  Bodies,
  OwnBytes,
  PublicSession,
  SignerNumbers,
  SigningFacts,
} from './session/facts.js';
export { isRightAccept, namesOtherAccepts } from './session/judge-accepts.js';
export type { OnlineSession } from './session/judge-accepts.js';
export { judgeSigning, signingFault } from './session/judge.js';
export type { SigningFault } from './session/judge.js';
export type { AccusedSigner } from './session/judged-views.js';
export { signInteractively } from './session/interactive.js';
export type { InteractiveParts } from './session/interactive.js';
export { GG20_SIGNING_JOBS } from './session/jobs.js';
export { signOnline } from './session/online.js';
export type { OnlineParts, OnlineShare } from './session/online.js';
export { onlineProtocol } from './session/online-protocol.js';
export type { OnlineRounds } from './session/online-protocol.js';
export { presign } from './session/presign.js';
export type { Presigned } from './session/presign.js';
export {
  PRESIGN_SAID_ONCE,
  PRESIGNED_KIND,
  SESSION_SHARE_KIND,
  SIGNING_SAID_ONCE,
  signingProtocol,
} from './session/protocol.js';
export type { PresignRounds } from './session/protocol.js';
export { shareLayout } from './session/share-body.js';
export type { ShareBody, SigningMode } from './session/share-body.js';
export type { SigningParts, SigningPorts } from './session/signing-run.js';
export { echoOf, mixedSsid, sessionBase, ssid0Of } from './session-id.js';
export type { Gg20Protocol, SessionFacts, SessionMember } from './session-id.js';
export { acceptBody, acceptsHash, ETA_BYTES, isSameAccept } from './sign/accept.js';
export { interactiveNonce, rerandomised } from './sign/nonce.js';
export type { SigningNonce } from './sign/nonce.js';
export { combineShares, isRightShare, signatureShare } from './sign/share.js';
export type { EcdsaSignature } from './sign/share.js';
export { messageScalar } from './sign/signed-facts.js';
export type { SignedFacts } from './sign/signed-facts.js';
export { parameterSet } from './parameter-set.js';
export type { FactorRanges, ParameterSet, Ranges, Widths } from './parameter-set.js';
export { PROFILES } from './profile.js';
export type { Profile, ProfileName } from './profile.js';
export { testGg20 } from './self-test.js';
export { Gg20Tables, gg20Tables, setName } from './tables.js';
export type { Gg20Context } from './tables.js';
export { gg20Transcript, gg20Xof, numberItem, signedNumberItem } from './transcript.js';
export { aliceChecks, aliceLayout, proveAlice, verifyAlice } from './zk/alice.js';
export type { AliceProof, AliceStatement } from './zk/alice.js';
export { bobChecks, bobLayout, proveBob, verifyBob } from './zk/bob.js';
export type { BobProof, BobStatement } from './zk/bob.js';
export { bobWcChecks, bobWcLayout, proveBobWc, verifyBobWc } from './zk/bob-wc.js';
export type { BobWcProof, BobWcStatement } from './zk/bob-wc.js';
export {
  chaumPedersenChecks,
  chaumPedersenLayout,
  proveChaumPedersen,
  verifyChaumPedersen,
} from './zk/chaum-pedersen.js';
export type { ChaumPedersenProof, ChaumPedersenStatement } from './zk/chaum-pedersen.js';
export { facChecks, facLayout, proveFac, verifyFac } from './zk/fac.js';
export type { FacProof, FacStatement } from './zk/fac.js';
export { modChecks, modLayout, proveMod, verifyMod } from './zk/mod.js';
export type { ModProof, ModStatement } from './zk/mod.js';
export { prmChecks, prmLayout, provePrm, verifyPrm } from './zk/prm.js';
export type { PrmProof, PrmStatement } from './zk/prm.js';
export { rChecks, rLayout, proveR, verifyR } from './zk/r.js';
export type { RProof, RStatement } from './zk/r.js';
export { sChecks, sLayout, proveS, verifyS } from './zk/s.js';
export type { SProof, SStatement } from './zk/s.js';
export { schnorrChecks, schnorrLayout, proveSchnorr, verifySchnorr } from './zk/schnorr.js';
export type { SchnorrProof, SchnorrStatement } from './zk/schnorr.js';
export { tChecks, tLayout, proveT, verifyT } from './zk/t.js';
export type { TProof, TStatement } from './zk/t.js';
export { failedCheck } from './zk/check.js';
export type { Check } from './zk/check.js';
export { EVERYONE } from './zk/context.js';
export type { ProofContext } from './zk/context.js';
export type { Layout } from './zk/layout.js';
