/** What can go wrong, as data. Every error that leaves a module is a TroupeError; what is stored or sent is its Failure. */
import * as z from 'zod';
import { anyJson } from './anyJson.ts';
import { errorMessage, networkKind, reasonOf } from './cause.ts';
import { throughJson, type Json } from './json.ts';

/**
 * Every kind of failure, and whether the same call may simply be made again (`retryable`).
 * The first group is what an agent's error handling decides upon; the second comes from the engine and its backends.
 */
export const failureKinds = {
  transient: { retryable: true, says: 'the other side is busy or away: 429, 5xx, a dropped connection' },
  timeout: { retryable: true, says: 'no answer in the time allowed' },
  format: { retryable: false, says: 'the model answered in a form that cannot be read' },
  denied: { retryable: false, says: 'a policy or a person refused the call' },
  tool: { retryable: false, says: 'a tool broke: unknown, crashed, or its result breaks its schema' },
  capability: { retryable: false, says: 'no tool can do what is required' },
  /** With `data.gone: true` they are gone for good: there is no retry, and another resource may be used. */
  environment: { retryable: false, says: 'the surroundings are gone: a server, a sandbox, a session' },
  model: { retryable: false, says: 'the model refused, or the context is too long' },
  budget: { retryable: false, says: 'steps, tokens, money or time are used up' },
  auth: { retryable: false, says: 'not signed in, or not allowed' },
  unverified: { retryable: false, says: 'an objective was not met, with the checks that say so' },
  code: { retryable: false, says: 'code of the user threw, such as a checkpoint of a flow' },
  uncertain: { retryable: false, says: 'a write may or may not have happened' },
  cancelled: { retryable: false, says: 'somebody stopped it' },
  expired: { retryable: false, says: 'the deadline had passed' },

  invalid: { retryable: false, says: 'input that does not fit its contract' },
  unknown_recipient: { retryable: false, says: 'no actor has that address' },
  unknown_message: { retryable: false, says: 'the actor does not handle that message' },
  conflict: { retryable: false, says: 'somebody else was first, or the same id came with another body' },
  mailbox_full: { retryable: true, says: 'the actor has more messages waiting than it may keep' },
  owned_elsewhere: { retryable: true, says: 'another process owns the run' },
  fenced: { retryable: false, says: 'this process no longer owns the run' },
  diverged: { retryable: false, says: 'the body of a flow makes other calls than it has recorded' },
  scope: {
    retryable: false,
    says: 'a part of a flow is used where it does not exist, such as outside of a checkpoint',
  },
  incompatible: { retryable: false, says: 'a snapshot does not fit the machine' },
  corrupt: { retryable: false, says: 'stored data was changed or cut short' },
  storage: { retryable: true, says: 'the journal cannot be read or written: locked, full, read-only' },
  definition: { retryable: false, says: 'a machine, agent or team that cannot be run' },
  unsupported: { retryable: false, says: 'a feature that cannot be made durable' },
  restarts: { retryable: false, says: 'a child failed more often than its supervisor allows' },
  internal: { retryable: false, says: 'a defect: code threw where it must not' },
} as const satisfies Record<string, { retryable: boolean; says: string }>;

/** What went wrong, in a word a program can act upon. */
export type FailureKind = keyof typeof failureKinds;

/** An error as data: what is stored and sent. */
export const Failure = z.object({
  /** What a caller can act upon: see `failureKinds`. */
  kind: z.enum(Object.keys(failureKinds) as [FailureKind, ...FailureKind[]]),
  /** What was expected, what came, and what to do. */
  message: z.string(),
  /** True when the same call may succeed later. */
  retryable: z.boolean(),
  /** Do not try again before this many milliseconds have passed, when the other side asked for that. */
  retryAfter: z.number().optional(),
  /** Facts for programs: a path, an id, a status code. Never a secret. */
  data: anyJson().optional(),
  /** The message of the underlying error. */
  cause: z.string().optional(),
});
export type Failure = z.infer<typeof Failure>;

/** What an error may say beside its kind and message. */
export interface FailureDetail {
  /** Facts for programs. Never a secret. */
  data?: Json | undefined;
  /** The underlying error. */
  cause?: unknown;
  /** Overrides the default of the kind. */
  retryable?: boolean | undefined;
  /** Milliseconds; at most ten minutes are kept. */
  retryAfter?: number | undefined;
}

/** The longest pause another side may ask for, in milliseconds: a longer one comes from a wrong clock. */
const maxRetryAfter = 10 * 60_000;

/** The one error class of the public API: `kind` is what a caller can act upon; the message says what was expected, what came and what to do. */
export class TroupeError extends Error {
  override readonly name = 'TroupeError';
  /** What a caller can act upon. */
  readonly kind: FailureKind;
  /** True when the same call may succeed later. */
  readonly retryable: boolean;
  /** How long to wait before the next attempt, in milliseconds. */
  readonly retryAfter: number | undefined;
  /** Facts for programs. */
  readonly data: Json | undefined;

  constructor(kind: FailureKind, message: string, { data, cause, retryable, retryAfter }: FailureDetail = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.retryable = retryable ?? failureKinds[kind].retryable;
    // From foreign code: a negative or invalid pause is dropped, and data that is not JSON is replaced by a note.
    this.retryAfter = retryAfter !== undefined && retryAfter >= 0 ? Math.min(retryAfter, maxRetryAfter) : undefined;
    this.data = data === undefined ? undefined : jsonOrNote(data);
  }
}

function jsonOrNote(data: Json): Json {
  try {
    return throughJson(data);
  } catch (error) {
    return { lost: `data that is not JSON: ${errorMessage(error).split('\n')[0]}` };
  }
}

/** Anything thrown, as data. Network errors, timeouts and aborts are recognised by their names; any other error is `internal`, and is not retried. */
export function toFailure(thrown: unknown): Failure {
  try {
    return readFailure(thrown);
  } catch {
    // Its properties throw themselves, as those of a revoked proxy do.
    return { kind: 'internal', message: unreadableMessage(thrown), retryable: false };
  }
}

/** The message, where that at least can be read. */
function unreadableMessage(thrown: unknown): string {
  try {
    return errorMessage(thrown);
  } catch {
    return 'What was thrown cannot be read: its properties throw errors themselves.';
  }
}

function readFailure(thrown: unknown): Failure {
  if (thrown instanceof TroupeError) {
    return {
      kind: thrown.kind,
      message: thrown.message,
      retryable: thrown.retryable,
      ...(thrown.retryAfter === undefined ? {} : { retryAfter: thrown.retryAfter }),
      ...(thrown.data === undefined ? {} : { data: thrown.data }),
      ...(thrown.cause instanceof Error ? { cause: reasonOf(thrown.cause) } : {}),
    };
  }
  const known = Failure.safeParse(thrown);
  if (known.success) return known.data;
  if (!(thrown instanceof Error)) return { kind: 'internal', message: errorMessage(thrown), retryable: false };
  const kind = networkKind(thrown) ?? (thrown.name === 'AbortError' ? 'cancelled' : 'internal');
  const message = kind === 'internal' ? `${thrown.name}: ${reasonOf(thrown)}` : reasonOf(thrown);
  // `gone`: the host does not exist, so asking again gives the same answer.
  return {
    kind,
    message,
    retryable: failureKinds[kind].retryable,
    ...(kind === 'environment' ? { data: { gone: true } } : {}),
  };
}

/** A failure that came as data, thrown again. */
export const fromFailure = ({ kind, message, retryable, retryAfter, data, cause }: Failure): TroupeError =>
  new TroupeError(kind, message, { retryable, retryAfter, data, cause });
