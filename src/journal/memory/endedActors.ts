/**
 * The actors of a journal in memory that have ended. They are seldom read and there may be very many, so that all but the latest are held as compressed JSON,
 * some together: an item of a step over ten thousand takes a few hundred bytes instead of some thousands.
 */
import type { Envelope } from '../../contracts/envelope.ts';
import type { Json } from '../../values/json.ts';
import type { ActorRow, HistoryEntry, LedgerEntry, Pending } from '../journal.ts';

/** The contents of one actor. Most actors have few of these, so each map is made when it gets its first entry. */
export interface ActorContents {
  /** While it is packed without `meta` and `snapshot`. */
  row: ActorRow;
  history: HistoryEntry[];
  pending: Map<string, Pending> | undefined;
  /** By the id of a message: the commit that handled it. */
  inbox: Map<string, HistoryEntry> | undefined;
  /** Replies that another commit gave than the one that handled the question, by its id. */
  replies: Map<string, Envelope> | undefined;
  lists: Map<string, Json[]> | undefined;
  /** The keys of the results of its effects. */
  results: string[] | undefined;
  /** Where the rest is. */
  packed: Packed | undefined;
}

/** An actor without any contents. Every property is there from the beginning and none is deleted: an object that loses properties becomes a hash table of its own, of some hundred bytes. */
export const emptyActor = (row: ActorRow): ActorContents => ({
  row,
  history: [],
  pending: undefined,
  inbox: undefined,
  replies: undefined,
  lists: undefined,
  results: undefined,
  packed: undefined,
});

interface Packed {
  readonly block: Uint8Array;
  /** Which one of the block it is. */
  readonly index: number;
  readonly commits: number;
  /** The position of its last commit. */
  readonly last: number;
}

/** A result of an effect; of a packed actor, only where it is. */
export type KeptResult =
  (LedgerEntry & { readonly run: string }) | { readonly run: string; readonly of: ActorContents };

/** What is packed of an actor. */
interface Rest extends Pick<ActorRow, 'meta' | 'snapshot'>, Pick<ActorContents, 'history'> {
  readonly replies: readonly [string, Envelope][];
  readonly lists: readonly [string, Json[]][];
  readonly results: readonly (readonly [string, LedgerEntry & { readonly run: string }])[];
}

/** An actor with all that belongs to it. */
export interface WholeActor {
  readonly row: ActorRow;
  readonly history: readonly HistoryEntry[];
  readonly inbox?: ReadonlyMap<string, HistoryEntry> | undefined;
  readonly replies?: ReadonlyMap<string, Envelope> | undefined;
  readonly lists?: ReadonlyMap<string, readonly Json[]> | undefined;
  result(key: string): (LedgerEntry & { readonly run: string }) | undefined;
}

/** So many that have ended stay as they are: what is asked for is most often new. */
const latest = 128;
/** So many are packed together: what they have in common is stored once, and all of them are unpacked to read one. */
const together = 32;
/** Characters of JSON. More is not packed at once, because the process stands still meanwhile. */
const mostText = 1_000_000;

/** The number of an actor's commits, and the position of the last one. */
export const commitsOf = ({ packed, history }: ActorContents): number => packed?.commits ?? history.length;
export const lastPositionOf = ({ packed, history }: ActorContents): number =>
  packed?.last ?? history.at(-1)?.position ?? 0;

/** Packs them where it may, over the results of a journal. */
export class EndedActors {
  readonly #results: Map<string, KeptResult>;
  readonly #packs: boolean;
  readonly #waiting = new Set<ActorContents>();
  #packAt = latest + together;

  constructor(results: Map<string, KeptResult>, { packs }: { readonly packs: boolean }) {
    this.#results = results;
    this.#packs = packs;
  }

  /** Takes an actor whose row says that it has ended. Roots stay as they are: runs are looked for by what is in them. */
  add(actor: ActorContents): void {
    if (!this.#packs || actor.row.parent === undefined || actor.packed) return;
    this.#waiting.add(actor);
    if (this.#waiting.size < this.#packAt) return;
    // After a whole block there may be more that could not be packed before, because their messages were under way.
    const isWhole = this.#pack();
    this.#packAt = (isWhole ? latest : Math.max(latest, this.#waiting.size)) + together;
  }

  /** Unpacks an actor, so that it can be written. */
  restore(actor: ActorContents): void {
    this.#waiting.delete(actor);
    if (!actor.packed) return;
    const rest = restOf(actor.packed.block)[actor.packed.index];
    if (!rest) return;
    const { meta, snapshot, history, replies, lists, results } = rest;
    const inbox = inboxOf(history);
    actor.packed = undefined;
    actor.row = { ...actor.row, meta, snapshot };
    actor.history = history;
    if (inbox.size > 0) actor.inbox = inbox;
    if (replies.length > 0) actor.replies = new Map(replies);
    if (lists.length > 0) actor.lists = new Map(lists);
    for (const [key, result] of results) this.#results.set(key, result);
  }

  /** Forgets an actor that is deleted. */
  forget(actor: ActorContents): void {
    this.#waiting.delete(actor);
  }

  /** A function that reads actors; those that are packed together are unpacked once by it. */
  reader(): (actor: ActorContents) => WholeActor {
    const blocks = new Map<Uint8Array, readonly Rest[]>();
    return (actor) => {
      const { packed, row } = actor;
      const result = (key: string) => {
        const found = this.#results.get(key);
        return found && 'of' in found ? undefined : found;
      };
      if (!packed) return { ...actor, result };
      const block = blocks.get(packed.block) ?? restOf(packed.block);
      blocks.set(packed.block, block);
      const rest = block[packed.index];
      if (!rest) return { ...actor, result };
      const { meta, snapshot, history, replies, lists, results } = rest;
      return {
        row: { ...row, meta, snapshot },
        history,
        inbox: inboxOf(history),
        replies: new Map(replies),
        lists: new Map(lists),
        result: (key) => results.find(([name]) => name === key)?.[1],
      };
    };
  }

  /** Packs some; false when there were not enough for a whole block. */
  #pack(): boolean {
    const chosen: ActorContents[] = [];
    const texts: string[] = [];
    let length = 0;
    for (const actor of this.#waiting) {
      if (chosen.length === together || length > mostText) break;
      // Its messages are still under way; the entries change when they have arrived.
      if ((actor.pending?.size ?? 0) > 0) continue;
      this.#waiting.delete(actor);
      const text = JSON.stringify(this.#restOf(actor));
      // It stays as it is.
      if (text.length > mostText) continue;
      length += text.length;
      chosen.push(actor);
      texts.push(text);
    }
    if (chosen.length === 0) return false;
    // An array of its own: a buffer may be a part of a larger one, which it would keep.
    const block = new Uint8Array(zlib().deflateRawSync(`[${texts.join(',')}]`, { level: 1 }));
    for (const [index, actor] of chosen.entries()) this.#replace(actor, { block, index });
    return chosen.length === together || length > mostText;
  }

  #restOf({
    row: { meta, snapshot },
    history,
    replies = new Map(),
    lists = new Map(),
    results = [],
  }: ActorContents): Rest {
    return {
      meta,
      snapshot,
      history,
      replies: [...replies],
      lists: [...lists],
      results: results.flatMap((key) => {
        const result = this.#results.get(key);
        return result && !('of' in result) ? [[key, result] as const] : [];
      }),
    };
  }

  #replace(actor: ActorContents, { block, index }: Pick<Packed, 'block' | 'index'>): void {
    const { run } = actor.row;
    actor.packed = { block, index, commits: commitsOf(actor), last: lastPositionOf(actor) };
    actor.row = { ...actor.row, meta: null, snapshot: null };
    actor.history = [];
    actor.inbox = undefined;
    actor.replies = undefined;
    actor.lists = undefined;
    actor.pending = undefined;
    for (const key of actor.results ?? []) this.#results.set(key, { run, of: actor });
  }
}

const inboxOf = (history: readonly HistoryEntry[]): Map<string, HistoryEntry> =>
  new Map(history.flatMap((entry) => (entry.event.inbox ? [[entry.event.id, entry]] : [])));

// Written by `#pack`.
const restOf = (block: Uint8Array): readonly Rest[] =>
  JSON.parse(zlib().inflateRawSync(block).toString()) as readonly Rest[];

/** Loaded when it is first needed: most journals in memory stay small. */
const zlib = () => process.getBuiltinModule('node:zlib');
