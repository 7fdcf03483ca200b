/** Reads the earlier lives of a retried run from the journal, and finds for each actor of today the one that did the same step before. */
import { unsettledList, type UnsettledEffect } from '../contracts/unsettledEffect.ts';
import type { HistoryEntry, Journal, LedgerEntry } from '../journal/journal.ts';
import type { Address } from '../values/ids.ts';
import { ActorLife, placeOf, type ActorRecords } from './actorLife.ts';
import { childPath, groupBy, lifeAt, placesOf, type Place, type RunLives } from './places.ts';

/** The lives of a run before the present one. */
export interface EarlierLives {
  /** The paths of the actors of the present life: two actors with one path did the same step. */
  readonly paths: Map<Address, string>;
  /** What was at a path before, the latest life first. */
  at(path: string): readonly ActorLife[];
  /** What an actor has done in the present life, as of when this was read. */
  current(actor: Address): ActorLife | undefined;
  /** The epoch with which the present life began; undefined when it is to begin now. */
  readonly since: number | undefined;
  /** How many children were begun at a step in the present life, as of when this was read. */
  begun(step: string): number;
}

/** Reads everything that the actors of a run did. */
export async function earlierLives(journal: Journal, run: string, lives: RunLives): Promise<EarlierLives> {
  const [rows, ledger, history] = await Promise.all([
    journal.find({ run, limit: everything }),
    journal.ledger(run),
    journal.history({ run, limit: everything }),
  ]);
  const [events, results] = [groupBy(history, actorOf), groupBy(ledger, actorOf)];
  const unsettled = await unsettledEffects(journal, events, results);
  const { root, retries } = lives;
  const recordsOf = ({ row: { actor }, life }: Place): ActorRecords => {
    const isOfLife = (seq: number) => actor !== root || lifeAt(retries, seq) === life;
    return {
      events: (events.get(actor) ?? []).filter(({ seq }) => isOfLife(seq)),
      ledger: (results.get(actor) ?? []).filter(({ key }) => isOfLife(placeOf(key)[0])),
      unsettled: (unsettled.get(actor) ?? []).filter(({ key }) => isOfLife(placeOf(key)[0])),
    };
  };
  const made = new Map<Place, ActorLife>();
  const byPath = new Map<string, ActorLife[]>();
  const paths = new Map<Address, string>();
  const current = new Map<Address, ActorLife>();
  for (const place of placesOf(rows, lives)) {
    const { row, path, life, above } = place;
    const actorLife = new ActorLife(row, above && made.get(above), recordsOf(place));
    made.set(place, actorLife);
    if (life === retries.length) {
      paths.set(row.actor, path);
      current.set(row.actor, actorLife);
    } else byPath.set(path, [actorLife, ...(byPath.get(path) ?? [])]);
  }
  const known = new Set(paths.values());
  return {
    paths,
    at: (path) => byPath.get(path) ?? [],
    current: (actor) => current.get(actor),
    since: events.get(root)?.find(({ seq }) => seq === retries.at(-1))?.epoch,
    begun(step) {
      let nth = 0;
      while (known.has(childPath(step, nth))) nth++;
      return nth;
    },
  };
}

const everything = 1_000_000;

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

const actorOf = ({ actor }: { readonly actor: Address }): Address => actor;
