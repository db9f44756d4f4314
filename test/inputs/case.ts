import type { status } from '@grpc/grpc-js';
import type { TlsFiles } from '../../src/rpc/index.js';
import type { Seen } from '../unit/rpc/server-fixture.js';

/** Who calls. The last six are refused before they can say anything. */
export type Who =
  | 'app'
  | 'other app'
  | 'operator'
  | 'auditor'
  | 'node'
  | 'expired'
  | 'foreign'
  | 'nobody'
  | 'plain text'
  | 'TLS 1.2'
  | 'HTTP/1.1';

/** One call as a row of the table wants it. */
export type Case = {
  readonly path: string;
  /** What the request holds: gRPC's messages, or bytes in their place. */
  readonly messages?: readonly Uint8Array[];
  readonly bytes?: Uint8Array;
  /** Sent in gzip. */
  readonly packed?: boolean;
  readonly leftOpen?: boolean;
  readonly metadata?: readonly (readonly [string, string | Uint8Array])[];
  /** Headers that a gRPC library sets by itself. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly as?: Who;
  /** Signed by its requester, in order but for this. */
  readonly signed?: {
    readonly clusterId?: string;
    readonly expiresInMs?: number;
    readonly spoiled?: boolean;
  };
};

export type Expected = {
  readonly code?: status;
  readonly http?: number;
  readonly reason?: string;
  readonly field?: string;
  /** Whether the answer says when to come again. */
  readonly retry?: boolean;
  /** The facts name the cluster's time. */
  readonly serverTime?: boolean;
  readonly sameAsFirst?: boolean;
  /** How many tasks there are more, after it all. */
  readonly tasks?: number;
  /** Whether the backend hears of it. */
  readonly enters?: boolean;
  /** Whether the node's log has one line about it: yes, unless the library refuses it before we know who calls. */
  readonly logged?: boolean | 'perhaps';
};

/** A call that is ready to be made. */
export type Call = Omit<Case, 'as' | 'signed'> & {
  /** `host:port`. */
  readonly address: string;
  readonly speaks: 'TLS 1.3' | 'TLS 1.2' | 'plain text' | 'HTTP/1.1';
  readonly tls: Pick<TlsFiles, 'ca'> & Partial<TlsFiles>;
};

export type Answer = Seen & {
  /** HTTP's status, where the transport shows it. */
  readonly http?: number;
};

/** One way to call. */
export interface Transport {
  readonly name: string;
  /** Why it cannot make such a call; `undefined` when it can. */
  cannot(call: Case): string | undefined;
  call(call: Call): Promise<Answer>;
  close(): Promise<void>;
}

/** How long a call may take that names no deadline: well above every limit that a row meets. */
export const ANSWER_MS_MAX = 20_000;
