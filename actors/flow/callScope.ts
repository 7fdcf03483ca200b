/** The calls of one scope, a body or a nested checkpoint: their ids and numbers, and whether they are those that are recorded. */
import type { FlowCallKind, FlowCallRecord } from '../../src/contracts/flow/record.ts';
import { nameProblem } from '../../src/flow/checkpoint.ts';
import type { Divergence } from '../../src/flow/flowErrors.ts';
import { TroupeError } from '../../src/values/failure.ts';

/** A call that is about to be made. */
export interface MadeCall {
  readonly id: string;
  readonly name: string;
  readonly kind: FlowCallKind;
  readonly n: number;
}

/** The ids of one run: each is used once. Those that are made from names are counted and not kept, because there may be very many. */
export class CallIds {
  /** Those that were given; undefined while there is none. */
  #given: Set<string> | undefined;
  /** By the id that the first call of a name has: the number that the next one of it gets, if that is free. */
  readonly #next = new Map<string, number>();

  /** The id that was given, or else one made from the name: without "/", which is what the calls in a nested checkpoint have. Throws `invalid` for one that is used. */
  next(name: string, given: string | undefined, prefix: string): string {
    return given === undefined ? this.#made(`${prefix}${name.replaceAll('/', '_')}`) : this.#take(given, prefix);
  }

  #take(given: string, prefix: string): string {
    if (given.trim() === '' || given.length > 200 || given.includes('/'))
      throw new TroupeError(
        'invalid',
        `The id of a call has 1 to 200 characters and no "/"; got ${JSON.stringify(given)}.`,
      );
    const problem = nameProblem(given);
    if (problem !== undefined)
      throw new TroupeError('invalid', `A call cannot have the name ${JSON.stringify(given)} as its id: ${problem}.`);
    const id = `${prefix}${given}`;
    if (this.#isUsed(id))
      throw new TroupeError(
        'invalid',
        `Two calls of this run have the id "${id}". An id that is given must be unique.`,
      );
    (this.#given ??= new Set()).add(id);
    return id;
  }

  #made(first: string): string {
    const next = this.#next.get(first);
    if (next === undefined && !this.#isUsed(first)) {
      this.#next.set(first, 2);
      return first;
    }
    for (let nth = next ?? 2; ; nth++) {
      const id = `${first}_${nth}`;
      if (this.#given?.has(id) || this.#next.has(id)) continue;
      this.#next.set(first, nth + 1);
      return id;
    }
  }

  #isUsed(id: string): boolean {
    if (this.#given?.has(id) || this.#next.has(id)) return true;
    const [, first = '', number = ''] = /^(.+)_([1-9][0-9]*)$/s.exec(id) ?? [];
    return Number(number) >= 2 && Number(number) < (this.#next.get(first) ?? 0);
  }
}

const nothingRecorded: ReadonlyMap<number, FlowCallRecord> = new Map();

/** One scope. */
export class CallScope {
  /** The id of the nested checkpoint; undefined for the body. */
  readonly id: string | undefined;
  readonly #ids: CallIds;
  /** Those that are recorded, by their number. */
  readonly #recorded: ReadonlyMap<number, FlowCallRecord>;
  readonly #made: MadeCall[] = [];
  /** When the last call ended that the code of this scope was told of, in milliseconds since the epoch. */
  time: number;
  #count = 0;

  /** `recorded`: the sequence of the whole run. `time`: the time at which it begins. */
  constructor(id: string | undefined, ids: CallIds, recorded: readonly FlowCallRecord[], time: number) {
    this.id = id;
    this.time = time;
    this.#ids = ids;
    this.#recorded =
      recorded.length === 0
        ? nothingRecorded
        : new Map(recorded.filter(({ scope }) => scope === id).map((record) => [record.n, record]));
  }

  /** The next call, with its record when it has ended before. Throws `invalid` for an id that is used. A divergence is returned. */
  make(
    kind: FlowCallKind,
    name: string,
    { id: given, input }: { readonly id?: string | undefined; readonly input?: string | undefined },
  ): { readonly call: MadeCall; readonly record?: FlowCallRecord; readonly divergence?: Divergence } {
    const id = this.#ids.next(name, given, this.id === undefined ? '' : `${this.id}/`);
    const call = { id, name, kind, n: this.#count++ };
    const record = this.#recorded.get(call.n);
    // The sequence is shown when it is asked for: only what is recorded is kept for it.
    if (this.#recorded.size > 0) this.#made.push(call);
    const says = record ? mismatch(call, input, record) : undefined;
    if (says !== undefined) return { call, divergence: this.divergence(says) };
    return record ? { call, record } : { call };
  }

  divergence(says: string): Divergence {
    return { recorded: [...this.#recorded.values()].sort((a, b) => a.n - b.n), made: this.#made, says };
  }

  /** What is recorded and was not asked for; undefined when there is nothing. */
  get missing(): FlowCallRecord | undefined {
    return [...this.#recorded.values()].find(({ n }) => n >= this.#count);
  }
}

/** How a call differs from the record at its place; undefined when it is the same. */
function mismatch(call: MadeCall, input: string | undefined, record: FlowCallRecord): string | undefined {
  if (record.id !== call.id || record.kind !== call.kind)
    return `call ${call.n + 1} is ${call.kind} "${call.id}", and was ${record.kind} "${record.id}".`;
  if (record.input !== input) return `${call.kind} "${call.id}" is given something else than it was given before.`;
  return undefined;
}
