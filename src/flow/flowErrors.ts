/** The errors of flows: what a user threw as data, calls in the wrong place, and bodies that have diverged from their record. */
import type { FailureOrigin } from '../contracts/client/execution.ts';
import type { FlowCallRecord } from '../contracts/flow/record.ts';
import { causesOf, reasonOf } from '../values/cause.ts';
import { propertiesOf } from '../values/properties.ts';
import { cutText } from '../values/text.ts';
import { toFailure, TroupeError, type Failure } from '../values/failure.ts';

/** The origin of a failure. */
export function failureOrigin({ kind, data }: Failure): FailureOrigin {
  if (kind === 'diverged') return 'divergence';
  const reason = typeof data === 'object' && data !== null && 'reason' in data ? data.reason : undefined;
  if (reason === 'serialization' || kind === 'corrupt' || kind === 'incompatible' || kind === 'scope') return 'runtime';
  if (kind === 'storage' || kind === 'owned_elsewhere' || kind === 'fenced') return 'backend';
  return kind === 'internal' ? 'unknown' : 'user_code';
}

/** Characters of a message that are kept: some errors carry the page that a server answered with. */
const longestMessage = 10_000;
const longestStack = 2_000;

/** What code may decide by. All else that an error carries may be a secret. */
const facts = ['code', 'status', 'statusCode'] as const;
const longestFact = 100;

/** The facts of what was thrown, where they are numbers or short texts. */
function factsOf(thrown: unknown): Record<string, string | number> {
  const properties = propertiesOf(thrown);
  const found: Record<string, string | number> = {};
  for (const name of facts) {
    const value = readOf(properties, name);
    if (typeof value === 'string' ? value.length <= longestFact : Number.isFinite(value))
      // A number or a text.
      found[name] = value as string | number;
  }
  return found;
}

/** A property of what was thrown, which may throw itself. */
function readOf(properties: Readonly<Record<string, unknown>>, name: string): unknown {
  try {
    return properties[name];
  } catch {
    return undefined;
  }
}

/** What the code of a user threw, as data: its stack is kept for operators. */
export function userFailure(thrown: unknown): Failure {
  const failure = toFailure(thrown);
  if (failure.kind !== 'internal') return failure;
  try {
    return thrown instanceof TroupeError ? failure : codeFailure(thrown, failure);
  } catch {
    // Its properties throw themselves.
    return { ...failure, kind: 'code', data: { error: typeof thrown } };
  }
}

function codeFailure(thrown: unknown, failure: Failure): Failure {
  const [error] = causesOf(thrown);
  return {
    ...failure,
    kind: 'code',
    message: cutText(error ? reasonOf(error) : failure.message, longestMessage),
    data: {
      error: error?.name ?? typeof thrown,
      ...(error?.stack ? { stack: error.stack.slice(0, longestStack) } : {}),
      ...factsOf(thrown),
    },
  };
}

/** The error of a call in the wrong place. */
export const scopeError = (what: string, where: string, instead: string): TroupeError =>
  new TroupeError('scope', `${what} ${where}. ${instead}`);

/** What a body is told that was stopped. */
export const stoppedError = (reason: string): TroupeError =>
  new TroupeError('cancelled', `The flow was stopped: ${reason}`, { data: { stopped: true } });

/** Was it thrown because a flow was stopped? */
export const isStopped = (thrown: unknown): boolean =>
  thrown instanceof TroupeError && thrown.kind === 'cancelled' && propertiesOf(thrown.data)['stopped'] === true;

/** A call, for people: `checkpoint "draft"`. */
const inWords = ({ kind, id }: Pick<FlowCallRecord, 'kind' | 'id'>): string => `${kind} "${id}"`;

/** What the body of a flow asks for, and what it had asked for before. */
export interface Divergence {
  /** The calls that are recorded, in order. */
  readonly recorded: readonly Pick<FlowCallRecord, 'kind' | 'id' | 'n'>[];
  /** The calls of the present body so far, in order. The last one is what does not fit. */
  readonly made: readonly Pick<FlowCallRecord, 'kind' | 'id' | 'n'>[];
  /** What does not fit, in a sentence. */
  readonly says: string;
}

const mostShown = 20;
const shown = (calls: readonly Pick<FlowCallRecord, 'kind' | 'id'>[]): string =>
  calls.length === 0 ? '(none)' : calls.slice(-mostShown).map(inWords).join(', ');

/** The error of a body that has diverged from its record, with both sequences and what can be done. */
export const divergedError = (run: string, { recorded, made, says }: Divergence): TroupeError =>
  new TroupeError(
    'diverged',
    [
      `The body of this flow does not make the calls that it has recorded: ${says}`,
      `Recorded: ${shown(recorded)}. Made now: ${shown(made)}.`,
      `Nothing was done beyond the record. Either run it with the code that it was begun with and "troupe runs retry ${run}"; or give the flow { migrate: true } and retry, which takes what is recorded by the ids of the calls; or begin a new run from a call that both have: "troupe runs replay ${run} --from CALL". A body must only depend on its input and on what its calls gave: time, chance and everything from outside belong into a call.`,
    ].join(' '),
    {
      data: {
        recorded: recorded.slice(0, 200).map(({ kind, id }) => ({ kind, id })),
        made: made.slice(-200).map(({ kind, id }) => ({ kind, id })),
        says,
      },
    },
  );
