/**
 * What the retry of a failed flow takes of what was recorded, and what it makes again.
 *
 * RT1 Made again are the call whose failure the body has thrown, in a nested checkpoint also the call whose failure that has thrown, every other call that failed and was
 *    not gone on from, and what was told to wait for one of them.
 * RT2 Made again is also what was called when the body was told of that failure, such as an undo or an unlock in `finally`, and what was called when it was told of
 *    that, and so on: it follows from the failure, also where it succeeded.
 * RT3 What was called before is taken in its order, although it ended later: a branch beside the failure goes on from there. A success that was called later in such a
 *    branch is taken by its id, when the body asks for it.
 * RT4 Made again is what was called after the flow was told to stop, such as an undo: it belongs to the end of that life.
 */
import type { FlowCallRecord, FlowRecord } from '../contracts/flow/record.ts';

/** What becomes of the calls of a flow that is retried, each list in their order. */
export interface RetriedSequence {
  /** Told in this order. */
  readonly taken: readonly FlowCallRecord[];
  /** Taken when the body asks for them. */
  readonly kept: readonly FlowCallRecord[];
  readonly again: readonly FlowCallRecord[];
}

/** `sequence`: the calls in the order in which the body was told their ends. `failed`: the call whose failure it has thrown; undefined where that was none. */
export function retriedSequence(sequence: readonly FlowCallRecord[], failed: string | undefined): RetriedSequence {
  const places = new Map(sequence.map(({ id }, place) => [id, place]));
  const blamed = blamedCalls(sequence, failed);
  const isLater = ({ scope, after }: FlowCallRecord) => {
    const failure = blamed.findLast((call) => isWithin(scope, call.scope));
    return failure !== undefined && (places.get(after ?? '') ?? -1) >= (places.get(failure.id) ?? Infinity);
  };
  const later = new Set(sequence.filter(isLater));
  // A failure after which nothing was called, of what is taken, was not gone on from.
  const followed = new Set(sequence.filter((call) => !later.has(call)).map(({ after }) => after));
  const again = new Set(blamed.map(({ id }) => id));
  for (const call of sequence) {
    const { id, after, outcome, waitedFor, cleanUp } = call;
    const isUnfollowed = !outcome.ok && !followed.has(id);
    const follows = later.has(call) && after !== undefined && again.has(after);
    if (cleanUp || isUnfollowed || follows || waitedFor?.some((each) => again.has(each))) again.add(id);
  }
  const rest = sequence.filter(({ id }) => !again.has(id));
  return {
    taken: rest.filter((call) => !later.has(call)),
    kept: rest.filter((call) => later.has(call)),
    again: sequence.filter(({ id }) => again.has(id)),
  };
}

/** The calls that the body was told of in the last life of a flow, each as it ended last: those that it took from earlier ones, and those that it made before it was told to stop. */
export function callsOfLastLife(records: readonly FlowRecord[]): readonly FlowCallRecord[] {
  let told = new Map<string, FlowCallRecord>();
  let failed: string | undefined;
  for (const record of records) {
    if (record.record === 'call') {
      // In the order in which they ended last.
      told.delete(record.id);
      told.set(record.id, record);
    } else if (record.record === 'failed') failed = record.call;
    else if (record.record === 'retry') {
      const { taken } = record.migrated ? { taken: [] } : retriedSequence([...told.values()], failed);
      told = new Map(taken.map((call) => [call.id, call]));
      failed = undefined;
    }
  }
  return [...told.values()].filter(({ cleanUp }) => !cleanUp);
}

/** The call that has failed the flow, and within it, where it was a nested checkpoint, the one that has failed that, and so on. */
function blamedCalls(sequence: readonly FlowCallRecord[], failed: string | undefined): FlowCallRecord[] {
  const blamed: FlowCallRecord[] = [];
  for (let id = failed; id !== undefined;) {
    const call = sequence.findLast((each) => each.id === id);
    if (!call) return blamed;
    blamed.push(call);
    id = call.cause;
  }
  return blamed;
}

/** Is the scope the other one, or inside of it? The body is around all. */
const isWithin = (scope: string | undefined, around: string | undefined): boolean =>
  around === undefined || scope === around || (scope?.startsWith(`${around}/`) ?? false);
