/**
 * What a replay takes from the run that it replays, and what it performs anew.
 *
 * RP1 Performed anew are the call that is named, the calls that directly follow an overridden result, and all that follow these. Every other result is taken, also
 *    those of branches that only ran beside them. An overridden call is not performed.
 * RP2 A call follows the call at whose end the body made it, those that it was told to wait for, and every call before it after which the body had called nothing: it
 *    may be one of several that the body waited for together.
 * RP3 A question is asked anew, unless its answer is overridden. A failure that the body had not gone on from is not taken.
 * RP4 The calls of a run that was retried are those of its last life: what only followed from a failure that was made good, such as an undo, is none of them.
 */
import { callsOfLastLife } from './retriedSequence.ts';
import type { FlowArtifactRecord, FlowCallKind, FlowCallRecord, FlowRecord } from '../contracts/flow/record.ts';
import { TroupeError } from '../values/failure.ts';
import { errorMessage } from '../values/cause.ts';
import { throughJson } from '../values/json.ts';
import { decodeValue, encodeValue, type EncodedValue } from './encode.ts';

/** What is asked for. */
export interface ReplayRequest {
  /** The run that is replayed. */
  readonly run: string;
  /** The call from which it is performed anew: its name, its invocation id, or `<run>/<invocation id>`. Nothing but what follows overrides when absent. */
  readonly from?: string | undefined;
  /** Results by `checkpoint.<call>`, `wait.<call>`, `signal.<call>` or `child.<call>`: what a call of a flow may give, so dates and maps as well. */
  readonly overrides?: Readonly<Record<string, unknown>> | undefined;
  /** The overrides are written as encoded results are, with a tag for what JSON does not have. False by default. */
  readonly encoded?: boolean | undefined;
}

/** The plan of a replay, in invocation ids, each in the order in which the calls ended. */
export interface CallPlan {
  /** The calls whose results are taken. */
  readonly reused: readonly string[];
  /** The calls that are performed anew. */
  readonly rerun: readonly string[];
  /** The calls whose result is given by an override. */
  readonly overridden: readonly string[];
  /** What the new run takes. */
  readonly kept: readonly (FlowCallRecord | FlowArtifactRecord)[];
}

/** Plans a replay from what a run has recorded. Throws `invalid` for a selector or an override that cannot be, `conflict` for one that does not fit this run. */
export function replayPlan(records: readonly FlowRecord[], request: ReplayRequest): CallPlan {
  const calls = callsOfLastLife(records);
  if (calls.length === 0)
    throw new TroupeError(
      'conflict',
      `The run "${request.run}" has recorded no calls yet, so there is nothing to replay from.`,
    );
  const overrides = overridesIn(calls, request);
  const follows = followersOf(calls);
  const roots = new Set<string>();
  const from =
    request.from === undefined
      ? undefined
      : select(calls, request.run, request.from, '`from`', ['checkpoint', 'child', 'signal', 'sleep']).id;
  if (from !== undefined) roots.add(from);
  else if (overrides.size === 0)
    throw new TroupeError(
      'invalid',
      'A replay needs `from`, the call from which it is performed anew, or an override.',
    );
  for (const [id] of overrides) {
    const consumers = follows.get(id) ?? [];
    if (consumers.length === 0)
      throw new TroupeError(
        'conflict',
        `No call of the run "${request.run}" follows "${id}", so that another result of it would change nothing.`,
      );
    for (const consumer of consumers) roots.add(consumer);
  }
  const rerun = reachable(calls, follows, roots, from);
  const isRerun = ({ id }: FlowCallRecord) => rerun.has(id) && !overrides.has(id);
  const followed = new Set(calls.map(({ after }) => after));
  const taken = calls.filter(
    (call) =>
      !isRerun(call) &&
      (overrides.has(call.id) || (call.kind !== 'wait' && (call.outcome.ok || followed.has(call.id)))),
  );
  const ids = new Set(taken.map(({ id }) => id));
  return {
    reused: taken.filter(({ id }) => !overrides.has(id)).map(({ id }) => id),
    rerun: calls.filter(isRerun).map(({ id }) => id),
    overridden: [...overrides.keys()],
    kept: [
      ...taken.map((call) => overridden(call, overrides)),
      ...records
        .filter((record) => record.record === 'artifact')
        .filter(({ call }) => ids.has(call) && !overrides.has(call)),
    ],
  };
}

const overridden = (call: FlowCallRecord, overrides: ReadonlyMap<string, EncodedValue>): FlowCallRecord => {
  const given = overrides.get(call.id);
  if (!given) return call;
  const { json: output, ...more } = given;
  return { ...call, from: 'override', outcome: { ok: true, output, ...more } };
};

/** Which calls directly follow a call, by its id (RP2). */
export function followersOf(calls: readonly FlowCallRecord[]): ReadonlyMap<string, readonly string[]> {
  const places = new Map(calls.map(({ id }, place) => [id, place]));
  const called = new Set(calls.map(({ after }) => after));
  const loose = calls.filter(({ id }) => !called.has(id));
  const followers = new Map<string, string[]>();
  const add = (id: string, follower: string) => followers.set(id, [...(followers.get(id) ?? []), follower]);
  for (const call of calls) {
    const place = places.get(call.after ?? '') ?? -1;
    const before = new Set(call.waitedFor);
    if (call.after !== undefined) before.add(call.after);
    for (const each of loose) if ((places.get(each.id) ?? 0) < place) before.add(each.id);
    // What is inside a nested checkpoint is a part of it.
    if (call.scope !== undefined) add(call.id, call.scope);
    for (const id of before) if (id !== call.id) add(id, call.id);
  }
  return followers;
}

function reachable(
  calls: readonly FlowCallRecord[],
  follows: ReadonlyMap<string, readonly string[]>,
  roots: ReadonlySet<string>,
  from: string | undefined,
): ReadonlySet<string> {
  const found = new Set<string>();
  const next = [...roots];
  for (let id = next.pop(); id !== undefined; id = next.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    next.push(...(follows.get(id) ?? []));
    // A nested checkpoint that is named makes its calls anew; one that only follows takes those that do not.
    if (id === from) next.push(...calls.filter(({ scope }) => scope === id).map((call) => call.id));
  }
  return found;
}

const prefixes: Readonly<Record<string, FlowCallKind>> = {
  checkpoint: 'checkpoint',
  wait: 'wait',
  signal: 'signal',
  child: 'child',
};

function overridesIn(
  calls: readonly FlowCallRecord[],
  { run, overrides = {}, encoded = false }: ReplayRequest,
): ReadonlyMap<string, EncodedValue> {
  return new Map(
    Object.entries<unknown>(overrides).map(([key, value]) => {
      const [prefix = '', ...rest] = key.split('.');
      const kind = Object.hasOwn(prefixes, prefix) ? prefixes[prefix] : undefined;
      if (!kind || !key.includes('.'))
        throw new TroupeError(
          'invalid',
          `An override is named ${Object.keys(prefixes)
            .map((name) => `"${name}.<call>"`)
            .join(', ')}; got "${key}".`,
        );
      const { id } = select(calls, run, rest.join('.'), `the override "${key}"`, [kind]);
      return [id, encoded ? readEncoded(key, value) : encodeValue(`The override "${key}"`, value)];
    }),
  );
}

/** Throws `invalid` for what cannot be read. What is read is written anew, so that it is as this version writes it. */
function readEncoded(key: string, value: unknown): EncodedValue {
  try {
    return encodeValue(`The override "${key}"`, decodeValue({ json: throughJson(value), encoded: true }));
  } catch (cause) {
    throw new TroupeError('invalid', `The override "${key}" is no encoded value: ${errorMessage(cause)}`, { cause });
  }
}

/** The one call that a selector names. */
function select(
  calls: readonly FlowCallRecord[],
  run: string,
  selector: string,
  what: string,
  kinds: readonly FlowCallKind[],
): FlowCallRecord {
  const given = selector.trim();
  if (given === '') throw new TroupeError('invalid', `${what} names no call.`);
  const those = calls.filter(({ kind }) => kinds.includes(kind));
  const exact = those.find(({ id }) => id === given || `${run}/${id}` === given);
  const named = those.filter(({ name, id }) => (name ?? id) === given);
  const [found, ...others] = exact && named.length <= 1 ? [exact] : named.length > 0 ? named : exact ? [exact] : [];
  if (found && others.length === 0) return found;
  const ids = (list: readonly FlowCallRecord[]) => list.map(({ id }) => `"${id}"`).join(', ');
  if (found)
    throw new TroupeError(
      'conflict',
      `${what} is ambiguous: ${named.length} calls of the run "${run}" are named "${given}". Use a call id: ${named.map(({ id }) => `"${run}/${id}"`).join(', ')}.`,
    );
  const question = calls.find(({ kind, id, name }) => kind === 'wait' && (id === given || (name ?? id) === given));
  throw new TroupeError(
    'conflict',
    question && !kinds.includes('wait')
      ? `"${given}" is a question of the run "${run}": a replay asks it anew. To give it another answer, override "wait.${question.id}"; to begin elsewhere, name one of ${ids(those) || 'no calls'}.`
      : `The run "${run}" has no ${kinds.join(' or ')} "${given}" for ${what}; it has ${ids(those) || 'none'}.`,
  );
}
