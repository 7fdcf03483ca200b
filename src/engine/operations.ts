/**
 * What an actor asks to be done, with the attempts at it in all lives of its run: each operation has one key, that of its first attempt.
 *
 * Attempts at the same step (the same effect with the same input) may be one operation that a retry makes again, or several operations. Within one life
 * they are several, in the order in which they were asked for; the next life goes on with them in that order, those that succeeded first. The lives
 * are gone through one after the other, so every life has the keys that it had when it was lived.
 */
import type { EffectOptions, Outcome } from '../contracts/effect.ts';
import { canonicalJson, type Json } from '../values/json.ts';
import { placeOf, type ActorLife, type Attempt } from './actorLife.ts';

/** The options of an actor's effects, by name; undefined for one that is no effect of ours. */
export type EffectOptionsOf = (name: string) => EffectOptions<unknown> | undefined;

/** Something to be done once, however often it is attempted. */
export interface Operation {
  readonly key: string;
  /** Those of earlier lives, the oldest first. */
  readonly attempts: { readonly life: ActorLife; readonly attempt: Attempt }[];
  /** An earlier life may have done it: an attempt ended without a result, or with one that says so. */
  mayHaveHappened: boolean;
  /** Its machine had asked for the same once more since, with success: what that gave counts in its place. */
  isSuperseded: boolean;
}

/** Is it performed in every life, whatever it gave before? */
export const isAnew = (options: EffectOptions<unknown> | undefined): boolean =>
  options?.anew === true || options?.kind === 'pure';

/** The operations of one actor. */
export class Operations {
  readonly #optionsOf: EffectOptionsOf;
  /** By step, in the order in which a life goes on with them. */
  readonly #bySteps = new Map<string, Operation[]>();
  /** How often a step was asked for in this life. */
  readonly #asked = new Map<string, number>();
  /** What was asked for in this life, by the key of the attempt. */
  readonly #byKey = new Map<string, Operation>();
  /** Keys of which earlier versions did not write down what they are of: each goes to what is asked for first. */
  readonly #untold: string[] = [];

  /** `earlier`: the latest life first. `current`: the present life as of when the process began. */
  constructor(earlier: readonly ActorLife[], current: ActorLife | undefined, optionsOf: EffectOptionsOf) {
    this.#optionsOf = optionsOf;
    for (const life of earlier.toReversed()) {
      for (const attempt of life.attempts) this.#add(life, attempt);
      for (const [step, operations] of this.#bySteps) this.#bySteps.set(step, inOrder(operations, life));
      this.#asked.clear();
      this.#untold.push(...life.untold);
    }
    for (const attempt of current?.attempts ?? []) this.ask(attempt);
  }

  /** The operation of an attempt of this life; undefined when it is performed in every life. */
  ask(attempt: Pick<Attempt, 'key' | 'name' | 'input'>): Operation | undefined {
    const { key, name, input } = attempt;
    const options = this.#optionsOf(name);
    if (isAnew(options)) return undefined;
    const known = this.#byKey.get(key);
    if (known) return known;
    const step = stepOf(name, options?.sameStep ? options.sameStep(input) : input);
    const nth = this.#asked.get(step) ?? 0;
    this.#asked.set(step, nth + 1);
    const operations = this.#bySteps.get(step) ?? [];
    this.#bySteps.set(step, operations);
    const operation = (operations[nth] ??= this.#begin(key));
    this.#byKey.set(key, operation);
    return operation;
  }

  #begin(key: string): Operation {
    const untold = this.#untold.shift();
    return { key: untold ?? key, attempts: [], mayHaveHappened: untold !== undefined, isSuperseded: false };
  }

  #add(life: ActorLife, made: Attempt): void {
    const operation = this.ask(made);
    if (!operation) return;
    const attempt = judged(made, this.#optionsOf(made.name));
    operation.attempts.push({ life, attempt });
    operation.mayHaveHappened ||= isUncertain(attempt.outcome);
  }
}

/** After a life: what has succeeded, then what is still to be done, then what was asked for once more since. */
function inOrder(operations: readonly Operation[], life: ActorLife): Operation[] {
  const succeeded = operations.filter(hasSucceeded);
  const others = operations.filter((operation) => !hasSucceeded(operation));
  const opened = succeeded.flatMap(({ attempts }) =>
    attempts.flatMap((made) => (made.life === life ? [placeOf(made.attempt.key)[0]] : [])),
  );
  const latest = Math.max(...opened);
  for (const operation of others) {
    const made = operation.attempts.at(-1);
    if (made?.life === life) operation.isSuperseded = latest >= (made.attempt.ended ?? Infinity);
  }
  return [
    ...succeeded,
    ...others.filter(({ isSuperseded }) => !isSuperseded),
    ...others.filter(({ isSuperseded }) => isSuperseded),
  ];
}

const hasSucceeded = ({ attempts }: Operation): boolean => attempts.some(({ attempt }) => attempt.outcome?.ok);

/** An attempt whose output tells of a failure has failed, and nothing follows from it: its machine did not go on. */
export function judged(attempt: Attempt, options: EffectOptions<unknown> | undefined): Attempt {
  const { outcome, input } = attempt;
  const failure = outcome?.ok ? options?.failureIn?.(outcome.output, input) : undefined;
  return failure ? { ...attempt, outcome: { ok: false, failure }, taken: undefined } : attempt;
}

const isUncertain = (outcome: Outcome | undefined): boolean =>
  outcome === undefined || (!outcome.ok && outcome.failure.kind === 'uncertain');

/** An effect by its name and what says that it is the same. */
const stepOf = (name: string, input: unknown): string => `${name} ${canonicalJson(input as Json)}`;
