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

/** What of an actor, beside its state, decides what happens next; `outline` keeps what it is given in outline. */
export type Projection = (actor: ModelActor, outline: Outline) => Json;

/** Levels of nesting that are kept. */
const maxDepth = 4;
/** Texts that are kept as they are. */
const shortWord = /^[\w./:@ -]{0,40}$/;

/** What was left out of a world's key: two worlds with the same key are the same situation when this is the same too. */
export interface LeftOut {
  /** A hash of the numbers and lists that were too large; 0 when there were none. */
  readonly large: number;
  /** A hash of the texts, fractions and nested values that are never kept; 0 when there were none. */
  readonly vague: number;
}

/** Keeps values in outline: small numbers, words and short lists as they are, of larger ones only that they are large. Notes what it leaves out. */
export class Outline {
  /** Numbers and lengths up to this one are told apart. */
  readonly clamp: number;
  #large = 0;
  #vague = 0;

  constructor(clamp: number) {
    this.clamp = clamp;
  }

  /** What was left out so far. */
  get leftOut(): LeftOut {
    return { large: this.#large, vague: this.#vague };
  }

  of(value: unknown, depth = 0): Json {
    switch (typeof value) {
      case 'boolean':
        return value;
      case 'number':
        return this.#number(value);
      case 'string':
        return shortWord.test(value) ? value : this.#withoutVague(value, 'text');
      case 'object':
        if (value === null) return null;
        if (Array.isArray(value)) return this.#list(value, depth);
        if (depth >= maxDepth) return this.#withoutVague(value, 'object');
        return Object.fromEntries(
          Object.entries(value).flatMap(([key, inner]) =>
            inner === undefined ? [] : [[key, this.of(inner, depth + 1)]],
          ),
        );
      default:
        return null;
    }
  }

  /** A length or a count, up to one more than is told apart. */
  count(number: number): number {
    if (number <= this.clamp) return number;
    this.#large = mixed(this.#large, String(number));
    return this.clamp + 1;
  }

  #number(value: number): Json {
    if (!Number.isInteger(value)) return this.#withoutVague(value, value > 0 ? 'some' : 'less');
    if (Math.abs(value) <= this.clamp) return value;
    this.#large = mixed(this.#large, String(value));
    return value > 0 ? 'many' : 'few';
  }

  #list(value: readonly unknown[], depth: number): Json {
    if (value.length <= this.clamp && depth < maxDepth) return value.map((each) => this.of(each, depth + 1));
    if (depth >= maxDepth) this.#withoutVague(value, null);
    else this.#large = mixed(this.#large, JSON.stringify(value));
    return `${Math.min(value.length, this.clamp + 1)} or more`;
  }

  #withoutVague<T extends Json>(value: unknown, instead: T): T {
    this.#vague = mixed(this.#vague, JSON.stringify(value) ?? '');
    return instead;
  }
}

/** A sum of hashes (FNV-1a): the order in which values are looked at does not matter. */
function mixed(before: number, text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (before + (hash >>> 0) + 1) % Number.MAX_SAFE_INTEGER;
}

/** For any machine: its context in outline, and the lengths of its lists. */
export const projectContext: Projection = ({ snapshot, lists }, outline) => [
  outline.of(snapshot.context),
  Object.entries(lists).map(([name, { length }]) => [name, outline.count(length)]),
];

/** A key that is the same for worlds that count as one. What it leaves out is noted in `outline`. */
export function worldKey(world: ModelWorld, keep: Projection, outline: Outline): string {
  const { actors, messages, asks, ended, faultsLeft, lostMessages, taken } = world;
  // An address counts the steps of the parent, so the path is used instead. Of an actor that has ended, what it said last is enough.
  const path = (address: string, said = '') => actors.get(address)?.path ?? `${actorTypeOf(address)} ${said}`;
  const doubt = (key: string) => (world.lostOutcomes.has(key) ? 'lost' : world.uncertain.has(key) ? 'doubtful' : '');
  const outlineOf = ({ kind, key, data }: OwnPending): Json => [
    kind,
    data.id ?? '',
    'src' in data ? data.src : '',
    'event' in data ? outline.of(data.event) : '',
    'to' in data && data.to !== undefined ? path(data.to) : '',
    doubt(key),
  ];
  return JSON.stringify([
    ended ? outline.of(ended) : null,
    sortedBy(
      ([at]) => at,
      [...actors.values()].map((actor) => {
        const pendings = [...actor.pendings.values()].map((pending) => JSON.stringify(outlineOf(pending))).sort();
        return [actor.path, stateOfActor(actor), keep(actor, outline), pendings] as const;
      }),
    ),
    // The order matters within a pair of actors; the stable sort keeps it there.
    sortedBy(
      ([from, to]) => `${from} ${to}`,
      messages.map(({ from, to, type, body }) => {
        return [path(from, type), path(to), type, outline.of(withoutKey(body))] as const;
      }),
    ),
    asks.map(({ type }) => type).sort(),
    faultsLeft,
    [...lostMessages].sort(),
    [...taken].sort(),
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
