/** Reads the earlier lives of a retried run from the journal, and finds for each actor of today the one that did the same step before. */
import { createHash } from 'node:crypto';
import { unsettledList, type UnsettledEffect } from '../contracts/unsettledEffect.ts';
import type { ActorRow, HistoryEntry, Journal, LedgerEntry } from '../journal/journal.ts';
import { spawnInfoOf } from '../core/spawn.ts';
import { canonicalJson, isJsonObject, type Json } from '../values/json.ts';
import type { Address } from '../values/ids.ts';
import { ActorLife, byPlace, placeOf } from './actorLife.ts';

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
  const unsettled = await unsettledEffects(journal, events, results);
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
      unsettled: (unsettled.get(row.actor) ?? []).filter(({ key }) => isOfLife(placeOf(key)[0])),
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

/** A child by its name and what says that it is the same, short enough to be part of a path. */
export const keyOfStep = (name: string, input: Json): string =>
  `${name}.${createHash('sha256').update(canonicalJson(input)).digest('base64url')}`;

const inOrder = (rows: readonly ActorRow[]): ActorRow[] => {
  const place = (row: ActorRow) => spawnInfoOf(row).key ?? '';
  return rows.toSorted((a, b) => byPlace(place(a), place(b)));
};
const machineOf = ({ snapshot }: ActorRow): string => {
  const machine = isJsonObject(snapshot) ? snapshot['machine'] : undefined;
  return typeof machine === 'string' ? machine : '';
};

/** What is written down of the effects without a result, of the actors that have some. */
async function unsettledEffects(
  journal: Journal,
  events: ReadonlyMap<Address, readonly HistoryEntry[]>,
  results: ReadonlyMap<Address, readonly LedgerEntry[]>,
): Promise<Map<Address, readonly UnsettledEffect[]>> {
  const found = new Map<Address, readonly UnsettledEffect[]>();
  for (const [actor, entries] of events) {
    const settled = new Set(results.get(actor)?.map(({ key }) => key));
    const opened = entries.flatMap(({ opens }) => opens).filter(({ kind }) => kind === 'effect');
    if (opened.every(({ key }) => settled.has(key))) continue;
    // The engine wrote them, and the journal types them as JSON.
    found.set(actor, (await journal.list(actor, unsettledList)) as unknown as UnsettledEffect[]);
  }
  return found;
}

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
