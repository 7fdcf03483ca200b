/** Finds for each actor of a retried run its place in the tree of its life: actors of several lives with one path did the same step. */
import { createHash } from 'node:crypto';
import { spawnInfoOf } from '../core/spawn.ts';
import type { ActorRow } from '../journal/journal.ts';
import { canonicalJson, isJsonObject, type Json } from '../values/json.ts';
import type { Address } from '../values/ids.ts';
import { byPlace, placeOf } from './actorLife.ts';

/** An actor in one life of its run. */
export interface Place {
  readonly row: ActorRow;
  /** The number of the life; 0 is the first. */
  readonly life: number;
  readonly path: string;
  /** Of its parent; undefined for the root. */
  readonly above: Place | undefined;
}

/** The lives of a run, and what says that children are the same. */
export interface RunLives {
  readonly root: Address;
  /** The number of the commit of the root that began each life but the first. */
  readonly retries: readonly number[];
  stepOf(machine: string, input: Json): Json;
}

/** In which life something of the root was begun, by the number of the commit that began it. */
export const lifeAt = (retries: readonly number[], seq: number): number =>
  retries.filter((first) => first <= seq).length;

/** The places of the actors of a run, parents before their children. The root has one in each life. */
export function placesOf(rows: readonly ActorRow[], { root, retries, stepOf }: RunLives): readonly Place[] {
  const children = groupBy(rows, ({ parent }) => parent);
  const places: Place[] = [];
  function add(place: Place): void {
    places.push(place);
    const { row, life, path } = place;
    const counts = new Map<string, number>();
    for (const child of inOrder(children.get(row.actor) ?? [])) {
      const { key = '', input } = spawnInfoOf(child);
      if (row.actor === root && lifeAt(retries, placeOf(key)[0]) !== life) continue;
      const step = childStep(path, child.type, child.actor, stepOf(machineOf(child), input));
      const nth = counts.get(step) ?? 0;
      counts.set(step, nth + 1);
      add({ row: child, life, path: childPath(step, nth), above: place });
    }
  }
  const first = rows.find(({ actor }) => actor === root);
  if (!first) return places;
  for (let life = 0; life <= retries.length; life++) add({ row: first, life, path: '', above: undefined });
  return places;
}

/** What the id of a child ends with that is asked for anew in a retried run, as its address has it: a child with another such end, or with none, was another step. */
const anewPattern = /-anew-\d+(?=\.\d+-\d+$)/;

/** A step of the actor at a path that begins a child: its name, whether it is asked for anew and what says that it is the same, short enough to be part of a path. */
export const childStep = (path: string, name: string, address: Address, input: Json): string =>
  `${path}/${name}${anewPattern.exec(address)?.[0] ?? ''}.${createHash('sha256').update(canonicalJson(input)).digest('base64url')}`;

/** The path of the child that is begun at a step for the nth time; 0 is the first. */
export const childPath = (step: string, nth: number): string => `${step}#${nth}`;

const inOrder = (rows: readonly ActorRow[]): ActorRow[] => {
  const place = (row: ActorRow) => spawnInfoOf(row).key ?? '';
  return rows.toSorted((a, b) => byPlace(place(a), place(b)));
};

const machineOf = ({ snapshot }: ActorRow): string => {
  const machine = isJsonObject(snapshot) ? snapshot['machine'] : undefined;
  return typeof machine === 'string' ? machine : '';
};

/** By key, in the given order. Node 20 has no `Map.groupBy`. */
export function groupBy<T, K>(all: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group) group.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return groups;
}
