/** What one actor did in one life of its run, as the journal tells it. */
import type { Outcome } from '../contracts/effect.ts';
import type { UnsettledEffect } from '../contracts/unsettledEffect.ts';
import type { ActorRow, HistoryEntry, LedgerEntry } from '../journal/journal.ts';
import type { Json } from '../values/json.ts';
import type { Address } from '../values/ids.ts';

/** One attempt at an effect. */
export interface Attempt {
  readonly key: string;
  readonly name: string;
  readonly input: Json;
  /** Undefined when it ended without one, or has not ended. */
  readonly outcome: Outcome | undefined;
  /** Of the commit with which its result came to its machine; undefined when it did not come. */
  readonly taken: number | undefined;
  /** Of the commit that ended it, with a result or without one. */
  readonly ended: number | undefined;
}

/** What the journal has of one actor in one life. */
export interface ActorRecords {
  readonly events: readonly HistoryEntry[];
  readonly ledger: readonly LedgerEntry[];
  readonly unsettled: readonly UnsettledEffect[];
}

/** What one actor did in one life. */
export class ActorLife {
  readonly row: ActorRow;
  /** Of its parent in the same life. */
  readonly above: ActorLife | undefined;
  /** Its attempts at effects, in the order in which they were asked for. */
  readonly attempts: readonly Attempt[];
  /** Keys of effects that ended without a result, and of which nobody wrote down what they were: earlier versions did not. Oldest first. */
  readonly untold: readonly string[];
  readonly #events: readonly HistoryEntry[];

  constructor(row: ActorRow, above: ActorLife | undefined, { events, ledger, unsettled }: ActorRecords) {
    this.row = row;
    this.above = above;
    this.#events = events;
    const taken = new Map(events.map(({ event, seq }) => [event.id, seq]));
    const ended = new Map(events.flatMap(({ closes, seq }) => closes.map((key) => [key, seq])));
    const settled = new Set(ledger.map(({ key }) => key));
    const open = effectsOf(events).flatMap(({ key, data }) =>
      data === null ? [] : [{ key, name: data.src, input: data.input }],
    );
    const withoutResult = [...unsettled.filter(({ key }) => !settled.has(key)), ...open];
    this.attempts = [...ledger, ...withoutResult.map((effect) => ({ ...effect, outcome: undefined }))]
      .map(({ key, name, input, outcome }) => ({
        key,
        name,
        input,
        outcome,
        taken: outcome && taken.get(key),
        ended: (outcome && taken.get(key)) ?? ended.get(key),
      }))
      .toSorted((a, b) => byPlace(a.key, b.key));
    const told = new Set(this.attempts.map(({ key }) => key));
    this.untold = effectsOf(events).flatMap(({ key }) => (told.has(key) ? [] : [key]));
  }

  /** With which commit the end of a child came to it; undefined when it did not come. */
  endTaken(child: Address): number | undefined {
    return this.#events.find(({ event: { from, type } }) => from === child && isEnd.test(type))?.seq;
  }
}

const isEnd = /^xstate\.(done|error)\.actor\./;

const effectsOf = (events: readonly HistoryEntry[]) =>
  events.flatMap(({ opens }) => opens.flatMap((pending) => (pending.kind === 'effect' ? [pending] : [])));

/** The number of the commit and of the action in a key, `actor/seq/index`. */
export const placeOf = (key: string): [seq: number, index: number] => {
  const [index = 0, seq = 0] = key.split('/').reverse().map(Number);
  return [seq, index];
};

/** Compares two keys by when they were opened. */
export function byPlace(a: string, b: string): number {
  const [[seqA, indexA], [seqB, indexB]] = [placeOf(a), placeOf(b)];
  return seqA - seqB || indexA - indexB;
}
