/**
 * Records as they are stored: those of calls, of which there are many, in a short form.
 *
 * Records of earlier versions are stored as they are, and are read as well.
 */
import type { FlowCallKind, FlowCallRecord, FlowRecord } from '../contracts/flow/record.ts';
import type { Failure } from '../values/failure.ts';
import { asJson, type Json, type JsonObject } from '../values/json.ts';

/** The short form of a call. What is absent is what is most common. */
interface ShortCall {
  /** The id. */
  readonly i: string;
  /** The name; 0 where it is the id. Absent where it is the id without its number. */
  readonly m?: string | 0;
  /** The kind; a checkpoint when absent. */
  readonly k?: FlowCallKind;
  readonly t?: string;
  readonly s?: string;
  readonly n: number;
  /** The call whose end came before. */
  readonly p?: string;
  /** The calls that it waited for. */
  readonly w?: readonly string[];
  /** The hash of what it was given. */
  readonly h?: string;
  readonly a: number;
  /** How long it took; 0 when absent. */
  readonly d?: number;
  /** When it had ended where it was taken from. */
  readonly q?: number;
  readonly x?: JsonObject;
  readonly f?: NonNullable<FlowCallRecord['from']>;
  readonly l?: readonly string[];
  /** The call inside whose failure it has thrown. */
  readonly c?: string;
  /** 1: it was made after the flow was told to stop. */
  readonly u?: 1;
  /** The output of a success. */
  readonly o?: Json;
  /** 1: the output is encoded. */
  readonly e?: 1;
  /** Why it failed. */
  readonly r?: Failure;
}

/** What the name is, as a rule: the id without the number of a further call, and without what it is nested in. */
const nameOf = (id: string): string | undefined => /^(?:.*\/)?(.+)_[1-9][0-9]*$/s.exec(id)?.[1];

function shortCall(record: FlowCallRecord): ShortCall {
  const { id, name, kind, type, scope, n, after, waitedFor, input, at, ms, time } = record;
  const { metadata, from, cause, loaded, cleanUp, outcome } = record;
  // Field by field: there is one for each call, and most have few.
  const short: Writable<ShortCall> = { i: id, n, a: at };
  if (name !== nameOf(id)) short.m = name ?? 0;
  if (kind !== 'checkpoint') short.k = kind;
  if (type !== undefined) short.t = type;
  if (scope !== undefined) short.s = scope;
  if (after !== undefined) short.p = after;
  if (waitedFor) short.w = waitedFor;
  if (input !== undefined) short.h = input;
  if (ms !== 0) short.d = ms;
  if (time !== undefined) short.q = time;
  if (metadata) short.x = metadata;
  if (from) short.f = from;
  if (loaded) short.l = loaded;
  if (cause !== undefined) short.c = cause;
  if (cleanUp) short.u = 1;
  if (!outcome.ok) short.r = outcome.failure;
  else {
    short.o = outcome.output;
    if (outcome.encoded) short.e = 1;
  }
  return short;
}

type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

function callOf({ i, m = nameOf(i), k, t, s, n, p, w, h, a, d, q, x, f, l, c, u, o, e, r }: ShortCall): FlowCallRecord {
  return {
    record: 'call',
    id: i,
    ...(m === undefined || m === 0 ? {} : { name: m }),
    kind: k ?? 'checkpoint',
    ...(t === undefined ? {} : { type: t }),
    ...(s === undefined ? {} : { scope: s }),
    n,
    ...(p === undefined ? {} : { after: p }),
    ...(w ? { waitedFor: w } : {}),
    ...(h === undefined ? {} : { input: h }),
    at: a,
    ms: d ?? 0,
    ...(q === undefined ? {} : { time: q }),
    ...(x ? { metadata: x } : {}),
    ...(f ? { from: f } : {}),
    ...(l ? { loaded: l } : {}),
    ...(c === undefined ? {} : { cause: c }),
    ...(u ? { cleanUp: true as const } : {}),
    outcome: r ? { ok: false, failure: r } : { ok: true, output: o ?? null, ...(e ? { encoded: true as const } : {}) },
  };
}

/** Records that are stored together. */
export const storedRecords = (records: readonly FlowRecord[]): Json =>
  // Records are JSON.
  asJson(records.map((record) => (record.record === 'call' ? shortCall(record) : record)) as unknown as object[]);

/** The records that are stored in a checkpoint of a body. `stored` is what `storedRecords` gave, in this version or an earlier one. */
export const recordsOf = (stored: Json): readonly FlowRecord[] =>
  (stored as unknown as readonly (ShortCall | FlowRecord)[]).map((record) =>
    'record' in record ? record : callOf(record),
  );
