/**
 * Decides when two worlds count as one: they agree in everything that decides what can happen next.
 *
 * Only worlds that were really reached are explored, so every trace is real. Worlds that differ only in what is left out here are merged,
 * and only the first of them is explored further.
 */
import { actorTypeOf } from '../../values/ids.ts';
import type { Json } from '../../values/json.ts';
import type { OwnPending } from '../../contracts/pending.ts';
import { jsonObject } from '../jsonValues.ts';
import { stateOfActor } from './worldStep.ts';
import type { ModelActor, ModelWorld } from './world.ts';

/** What of an actor, beside its state, decides what happens next. Numbers and lengths above `clamp` should count as one value. */
export type Projection = (actor: ModelActor, clamp: number) => Json;

/** Levels of nesting that are kept. */
const maxDepth = 4;
/** Texts that are kept as they are. */
const shortWord = /^[\w./:@ -]{0,40}$/;

/** A value in outline: small numbers, words and short lists as they are; of larger ones only that they are large. */
export function outline(value: unknown, clamp: number, depth = 0): Json {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isInteger(value)) return value > 0 ? 'some' : 'less';
      return Math.abs(value) <= clamp ? value : value > 0 ? 'many' : 'few';
    case 'string':
      return shortWord.test(value) ? value : 'text';
    case 'object':
      if (value === null) return null;
      if (Array.isArray(value))
        return value.length > clamp || depth >= maxDepth
          ? `${Math.min(value.length, clamp + 1)} or more`
          : value.map((each) => outline(each, clamp, depth + 1));
      if (depth >= maxDepth) return 'object';
      return Object.fromEntries(
        Object.entries(value).flatMap(([key, inner]) =>
          inner === undefined ? [] : [[key, outline(inner, clamp, depth + 1)]],
        ),
      );
    default:
      return null;
  }
}

/** For any machine: its context in outline, and the lengths of its lists. */
export const projectContext: Projection = ({ snapshot, lists }, clamp) => [
  outline(snapshot.context, clamp),
  Object.entries(lists).map(([name, { length }]) => [name, Math.min(length, clamp + 1)]),
];

/** A key that is the same for worlds that count as one. */
export function worldKey(world: ModelWorld, keep: (actor: ModelActor) => Json, clamp: number): string {
  const { actors, messages, asks, ended, faultsLeft, lostMessages } = world;
  // An address counts the steps of the parent, so the path is used instead. Of an actor that has ended, what it said last is enough.
  const path = (address: string, said = '') => actors.get(address)?.path ?? `${actorTypeOf(address)} ${said}`;
  const doubt = (key: string) => (world.lostOutcomes.has(key) ? 'lost' : world.uncertain.has(key) ? 'doubtful' : '');
  const outlineOf = ({ kind, key, data }: OwnPending): Json => [
    kind,
    data.id ?? '',
    'src' in data ? data.src : '',
    'event' in data ? data.event.type : '',
    doubt(key),
  ];
  return JSON.stringify([
    ended ? outline(ended, clamp) : null,
    sortedBy(
      ([at]) => at,
      [...actors.values()].map((actor) => {
        const pendings = [...actor.pendings.values()].map((pending) => JSON.stringify(outlineOf(pending))).sort();
        return [actor.path, stateOfActor(actor), keep(actor), pendings] as const;
      }),
    ),
    // The order matters within a pair of actors; the stable sort keeps it there.
    sortedBy(
      ([from, to]) => `${from} ${to}`,
      messages.map(({ from, to, type, body }) => {
        return [path(from, type), path(to), type, outline(withoutKey(body), clamp)] as const;
      }),
    ),
    asks.map(({ type }) => type).sort(),
    faultsLeft,
    [...lostMessages].sort(),
  ]);
}

function sortedBy<T>(by: (each: T) => string, list: readonly T[]): T[] {
  return list.toSorted((a, b) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0));
}

/** The message that a child has ended carries the child's key, which counts the parent's steps: it is left out. */
const withoutKey = (body: Json): Json => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const { key: _, ...rest } = jsonObject(body);
  return rest;
};
