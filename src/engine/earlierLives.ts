/** Reads the earlier lives of a retried run from the journal, and finds for each actor of today the one that did the same step before. */
import { createHash } from 'node:crypto';
import type { EffectOptions, Outcome } from '../contracts/effect.ts';
import type { ActorRow, HistoryEntry, Journal, LedgerEntry } from '../journal/journal.ts';
import { spawnInfoOf } from '../core/spawn.ts';
import { canonicalJson, isJsonObject, type Json } from '../values/json.ts';
import type { Address } from '../values/ids.ts';

/** One attempt at an effect. */
export interface Attempt {
  readonly key: string;
  readonly outcome: Outcome;
  /** Where its result came among the events of its actor. */
  readonly place: number;
}

type SameStep = EffectOptions<unknown>['sameStep'];

/** What one actor did in one life. */
export class ActorLife {
  readonly row: ActorRow;
  /** Of its parent in the same life. */
  readonly above: ActorLife | undefined;
  /** Keys of its effects that ended without a result, oldest first. */
  readonly unsettled: string[];
  readonly successes: readonly { readonly name: string; readonly place: number }[];
  readonly #events: readonly HistoryEntry[];
  readonly #entries: readonly (LedgerEntry & { readonly place: number })[];
  readonly #byStep = new Map<string, ReadonlyMap<string, Attempt[]>>();

  constructor(row: ActorRow, above: ActorLife | undefined, { events, ledger }: ActorRecords) {
    this.row = row;
    this.above = above;
    this.#events = events;
    const places = new Map(events.map(({ event }, place) => [event.id, place]));
    this.#entries = ledger.map((entry) => ({ ...entry, place: places.get(entry.key) ?? -1 }));
    this.successes = this.#entries.filter(({ outcome }) => outcome.ok);
    const settled = new Set(ledger.map(({ key }) => key));
    this.unsettled = events
      .flatMap(({ opens }) => opens)
      .filter(({ kind, key }) => kind === 'effect' && !settled.has(key))
      .map(({ key }) => key);
  }

  /** Where the end of a child came among its events; -1 when it did not come. */
  placeOfEnd(child: Address): number {
    return this.#events.findIndex(({ event: { from, type } }) => from === child && isEnd.test(type));
  }

  /** The attempts at one step, in order. */
  attemptsAt(name: string, step: string, same: SameStep): readonly Attempt[] {
    const known = this.#byStep.get(name) ?? this.#index(name, same);
    this.#byStep.set(name, known);
    return known.get(step) ?? [];
  }

  #index(name: string, same: SameStep): ReadonlyMap<string, Attempt[]> {
    const byStep = new Map<string, Attempt[]>();
    for (const { name: effect, key, input, outcome, place } of this.#entries) {
      if (effect !== name) continue;
      const step = identityOf(name, same ? same(input) : input);
      byStep.set(step, [...(byStep.get(step) ?? []), { key, outcome, place }]);
    }
    return byStep;
  }
}

const isEnd = /^xstate\.(done|error)\.actor\./;

interface ActorRecords {
  readonly events: readonly HistoryEntry[];
  readonly ledger: readonly LedgerEntry[];
}

/** The lives of a run before the present one. */
export interface EarlierLives {
  /** The paths of the actors of the present life: two actors with one path did the same step. */
  readonly paths: Map<Address, string>;
  /** What was at a path before, the latest life first. */
  at(path: string): readonly ActorLife[];
  /** What an actor has done in the present life, as of when this was read. */
  current(actor: Address): ActorLife | undefined;
  /** How many children were begun at a step in the present life, as of when this was read. */
  begun(step: string): number;
}

interface RunLives {
  readonly run: string;
  readonly root: Address;
  /** The number of the commit of the root that began each life but the first. */
  readonly retries: readonly number[];
  stepOf(machine: string, input: Json): Json;
}

/** Reads everything that the actors of a run did. */
export async function earlierLives(journal: Journal, { run, root, retries, stepOf }: RunLives): Promise<EarlierLives> {
  const [rows, ledger, history] = await Promise.all([
    journal.find({ run, limit: everything }),
    journal.ledger(run),
    journal.history({ run, limit: everything }),
  ]);
  const [events, results] = [groupBy(history), groupBy(ledger)];
  const lifeOf = (seq: number) => retries.filter((first) => first <= seq).length;
  const children = new Map<Address, ActorRow[]>();
  for (const row of rows) if (row.parent !== undefined) push(children, row.parent, row);
  const present = retries.length;
  const byPath = new Map<string, ActorLife[]>();
  const paths = new Map<Address, string>();
  const begun = new Map<string, number>();
  const current = new Map<Address, ActorLife>();

  function add(row: ActorRow, path: string, life: number, above: ActorLife | undefined): void {
    const isOfLife = (seq: number) => row.actor !== root || lifeOf(seq) === life;
    const own = {
      events: (events.get(row.actor) ?? []).filter(({ seq }) => isOfLife(seq)),
      ledger: (results.get(row.actor) ?? []).filter(({ key }) => isOfLife(placeOf(key)[0])),
    };
    const made = new ActorLife(row, above, own);
    if (life === present) {
      paths.set(row.actor, path);
      current.set(row.actor, made);
    } else byPath.set(path, [made, ...(byPath.get(path) ?? [])]);
    const counts = new Map<string, number>();
    for (const child of inOrder(children.get(row.actor) ?? [])) {
      const { key = '', input } = spawnInfoOf(child);
      if (!isOfLife(placeOf(key)[0])) continue;
      const step = `${path}/${keyOfStep(child.type, stepOf(machineOf(child), input))}`;
      const nth = counts.get(step) ?? 0;
      counts.set(step, nth + 1);
      if (life === present) begun.set(step, nth + 1);
      add(child, `${step}#${nth}`, life, made);
    }
  }
  const [first] = rows.filter(({ actor }) => actor === root);
  if (first) for (let life = 0; life <= present; life++) add(first, '', life, undefined);
  return {
    paths,
    at: (path) => byPath.get(path) ?? [],
    current: (actor) => current.get(actor),
    begun: (step) => begun.get(step) ?? 0,
  };
}

const everything = 1_000_000;

/** An effect by its name and what says that it is the same. */
export const identityOf = (name: string, input: unknown): string => `${name} ${canonicalJson(input as Json)}`;
/** The same for a child, short enough to be part of a path. */
export const keyOfStep = (name: string, input: Json): string =>
  `${name}.${createHash('sha256').update(canonicalJson(input)).digest('base64url')}`;

/** The number of the commit and of the action in a key, `actor/seq/index`. */
const placeOf = (key: string): [seq: number, index: number] => {
  const [index = 0, seq = 0] = key.split('/').reverse().map(Number);
  return [seq, index];
};
const inOrder = (rows: readonly ActorRow[]): ActorRow[] => {
  const place = (row: ActorRow) => placeOf(spawnInfoOf(row).key ?? '');
  return [...rows].sort((a, b) => place(a)[0] - place(b)[0] || place(a)[1] - place(b)[1]);
};
const machineOf = ({ snapshot }: ActorRow): string => {
  const machine = isJsonObject(snapshot) ? snapshot['machine'] : undefined;
  return typeof machine === 'string' ? machine : '';
};

function groupBy<T extends { readonly actor: Address }>(entries: readonly T[]): Map<Address, T[]> {
  const groups = new Map<Address, T[]>();
  for (const entry of entries) push(groups, entry.actor, entry);
  return groups;
}
function push<T>(groups: Map<Address, T[]>, actor: Address, entry: T): void {
  const group = groups.get(actor);
  if (group) group.push(entry);
  else groups.set(actor, [entry]);
}
