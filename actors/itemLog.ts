/**
 * What became of the items of a pool, in the checkpoints of its effect. One checkpoint is written at a time: what happens meanwhile goes into the next one
 * together, so that a thousand quick items are a few rows.
 */
import * as z from 'zod';
import type { Checkpoint, EffectScope } from '../src/contracts/effect.ts';
import { anyJson } from '../src/values/anyJson.ts';
import { Failure } from '../src/values/failure.ts';
import type { Json } from '../src/values/json.ts';

const index = z.number().int().nonnegative();
/** One checkpoint. */
const Notes = z.object({
  /** Items that begin once this is stored. */
  begun: z.array(index).optional(),
  /** Items that are done, with their results. */
  done: z.array(z.tuple([index, anyJson()])).optional(),
  /** Items that failed in every attempt. */
  failed: z.array(z.tuple([index, Failure])).optional(),
  /** What the keys of the items begin with. */
  keys: z.string().optional(),
});
interface Notes {
  begun?: number[];
  done?: [number, Json][];
  failed?: [number, Failure][];
  keys?: string;
}

/** What is known of an item. It has begun, and nothing else is known: it may have happened. */
export type ItemState =
  | { readonly is: 'begun' }
  | { readonly is: 'done'; readonly result: Json }
  | { readonly is: 'failed'; readonly failure: Failure };

/** What is known of the items of a task. */
export interface KnownItems {
  /** By the place of the item. An item that is not in it has not begun, or may be begun again. */
  readonly states: ReadonlyMap<number, ItemState>;
  /** What the keys of the items begin with; undefined when it was not stored. */
  readonly keys: string | undefined;
}

/** Nothing was done before. */
export const noItems: KnownItems = { states: new Map(), keys: undefined };

/** Reads the checkpoints of a pool. A failure of an earlier life of a retried run is forgotten, and so is a result that tells of one: the retry tries again. */
export function knownItems(
  checkpoints: readonly Checkpoint[],
  actor: string,
  isFailure: (result: Json) => boolean = () => false,
): KnownItems {
  const states = new Map<number, ItemState>();
  let keys: string | undefined;
  for (const { entry, actor: by, earlier } of checkpoints) {
    const isEarlier = earlier === true || by !== actor;
    const notes = Notes.parse(entry);
    keys ??= notes.keys;
    for (const item of notes.begun ?? []) states.set(item, { is: 'begun' });
    for (const [item, result] of notes.done ?? [])
      if (isEarlier && isFailure(result)) states.delete(item);
      else states.set(item, { is: 'done', result });
    for (const [item, failure] of notes.failed ?? [])
      if (isEarlier) states.delete(item);
      else states.set(item, { is: 'failed', failure });
  }
  return { states, keys };
}

/** Writes what becomes of the items. */
export class ItemLog {
  readonly #checkpoint: NonNullable<EffectScope['checkpoint']>;
  #notes: Notes = {};
  /** The last write that began. */
  #stored: Promise<void> = Promise.resolve();
  /** The write that takes what is noted now. */
  #next: Promise<void> | undefined;
  #isClosed = false;

  /** Without checkpoints nothing is kept. */
  constructor({ checkpoint = async () => {} }: Pick<EffectScope, 'checkpoint'>) {
    this.#checkpoint = checkpoint;
  }

  /** Resolves when it is stored that the item begins: only then may it. */
  begin(item: number): Promise<void> {
    (this.#notes.begun ??= []).push(item);
    return this.flush();
  }

  /** Notes a result. Await `flush` before anything depends upon it. */
  done(item: number, result: Json): void {
    (this.#notes.done ??= []).push([item, result]);
    void this.#write();
  }

  failed(item: number, failure: Failure): void {
    (this.#notes.failed ??= []).push([item, failure]);
    void this.#write();
  }

  /** Notes what an earlier life had done, as part of this one. */
  adopt({ states }: KnownItems, keys: string): Promise<void> {
    this.#notes.keys = keys;
    for (const [item, state] of states) {
      if (state.is === 'done') (this.#notes.done ??= []).push([item, state.result]);
      else if (state.is === 'begun') (this.#notes.begun ??= []).push(item);
    }
    return this.flush();
  }

  /** Resolves when everything that was noted is stored. Rejects when it cannot be stored. */
  flush(): Promise<void> {
    if (Object.keys(this.#notes).length === 0) return this.#stored;
    return this.#write();
  }

  /** What is not being stored by now need not be: the result of the effect says more. */
  close(): void {
    this.#isClosed = true;
  }

  #write(): Promise<void> {
    if (this.#next) return this.#next;
    const write = this.#stored.then(() => {
      if (this.#isClosed) return undefined;
      const notes = this.#notes;
      this.#notes = {};
      this.#next = undefined;
      this.#stored = this.#checkpoint(notes as Json);
      return this.#stored;
    });
    // Whoever flushes hears of it.
    write.catch(() => {});
    this.#next = write;
    return write;
  }
}
