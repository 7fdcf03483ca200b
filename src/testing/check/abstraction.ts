/**
 * When two worlds count as one: everything that decides what can happen next, and nothing that only counts on.
 *
 * Every situation is explored from a world that was really reached, so a trace is always real. But worlds that differ in what is dropped
 * here are merged, and only the first of them is gone on with.
 */
import { typeOf } from '../../contracts/ids.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { Pending } from '../../journal/journal.ts';
import { stateOfActor } from './turn.ts';
import type { Actor, World } from './world.ts';

/** What is kept of an actor beside its state. Numbers and lengths beyond `clamp` should become one. */
export type Keep = (actor: Actor, clamp: number) => Json;

const deepest = 4;
const word = /^[\w./:@ -]{0,40}$/;

/** Small numbers, words and short lists as they are; of everything larger only that it is large. */
export function outline(value: unknown, clamp: number, depth = 0): Json {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isInteger(value)) return value > 0 ? 'some' : 'less';
      return Math.abs(value) <= clamp ? value : value > 0 ? 'many' : 'few';
    case 'string':
      return word.test(value) ? value : 'text';
    case 'object':
      if (value === null) return null;
      if (Array.isArray(value))
        return value.length > clamp || depth >= deepest
          ? `${Math.min(value.length, clamp + 1)} or more`
          : value.map((each) => outline(each, clamp, depth + 1));
      if (depth >= deepest) return 'object';
      return Object.fromEntries(
        Object.entries(value).flatMap(([key, inner]) =>
          inner === undefined ? [] : [[key, outline(inner, clamp, depth + 1)]],
        ),
      );
    default:
      return null;
  }
}

/** Of any machine: its context in outline, and how long its lists are. */
export const keepContext: Keep = ({ snapshot, lists }, clamp) => [
  outline(snapshot.context, clamp),
  Object.entries(lists).map(([name, { length }]) => [name, Math.min(length, clamp + 1)]),
];

/** The same text for worlds that count as one. */
export function keyOf(world: World, keep: (actor: Actor) => Json, clamp: number): string {
  const { actors, mail, asks, ended, left, lost } = world;
  // An address tells how often its parent moved on before; of who has ended its last word is enough.
  const path = (address: string, said = '') => actors.get(address)?.path ?? `${typeOf(address)} ${said}`;
  const doubt = (key: string) => (world.mute.has(key) ? 'lost' : world.doubtful.has(key) ? 'doubtful' : '');
  const wish = ({ key, kind, data }: Pending): Json => {
    const { id, src, event } = data as { id?: string; src?: string; event?: { type: string } };
    return [kind, id ?? '', src ?? '', event?.type ?? '', doubt(key)];
  };
  return JSON.stringify([
    ended ? outline(ended, clamp) : null,
    sortedBy(
      ([at]) => at,
      [...actors.values()].map((actor) => {
        const wishes = [...actor.pendings.values()].map((pending) => JSON.stringify(wish(pending))).sort();
        return [actor.path, stateOfActor(actor), keep(actor), wishes] as const;
      }),
    ),
    // The order counts for a pair; there the stable sort keeps it.
    sortedBy(
      ([from, to]) => `${from} ${to}`,
      mail.map(({ from, to, type, body }) => {
        return [path(from, type), path(to), type, outline(withoutKey(body as Json), clamp)] as const;
      }),
    ),
    asks.map(({ type }) => type).sort(),
    left,
    [...lost].sort(),
  ]);
}

function sortedBy<T>(by: (each: T) => string, list: readonly T[]): T[] {
  return list.toSorted((a, b) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0));
}

/** The key a child lived by counts its parent's steps. */
const withoutKey = (body: Json): Json => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const { key: _, ...rest } = body as JsonObject;
  return rest;
};
