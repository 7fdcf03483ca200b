/**
 * What a retried run keeps of its earlier lives.
 *
 * A retry begins the root again, with the definition of today. The run goes the same way again, and each step that had succeeded is answered from the
 * journal, until it comes to the step that had failed.
 *
 * RC1 An effect that had succeeded is not performed again, and a child that had succeeded is not begun again.
 * RC2 A failure that its actor went on from is kept as well: what came after it depends on it.
 * RC3 What had failed, or had begun and was not settled, is performed again under the key of its first attempt.
 * RC4 Everything here is read from the journal, so a retry that is interrupted by a crash keeps the same again.
 */
import type { EffectOptions, Outcome } from '../contracts/effect.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';
import type { PendingEffect } from '../contracts/pending.ts';
import type { Json } from '../values/json.ts';
import type { Address } from '../values/ids.ts';
import type { SpawnInfo } from '../core/spawn.ts';
import { earlierLives, identityOf, keyOfStep, type ActorLife, type EarlierLives } from './earlierLives.ts';

/** What the host must be told about the machines that it runs. */
export interface RecallPolicy {
  /** How an actor ended: what `failed` is always begun again; `answered` is a failure from which its parent can go on. */
  endOf(row: ActorRow): 'succeeded' | 'answered' | 'failed';
  /** What of a child's input says that it is the same step; not how much it may use up, or until when. */
  stepOf(machine: string, input: Json): Json;
}

/** The options of an actor's effects, by name; undefined for one that is no effect of ours. */
export type EffectOptionsOf = (name: string) => EffectOptions<unknown> | undefined;

/** What is known of an effect: its result, or the key to perform it under and whether it may have happened. */
export type RecalledEffect = { readonly outcome: Outcome } | { readonly key: string; readonly again: boolean };

/** The earlier lives of one retried run. */
export class Recall {
  readonly #policy: RecallPolicy;
  readonly #lives: EarlierLives;
  /** How often a step was taken in this life. */
  readonly #taken = new Map<string, number>();

  private constructor(policy: RecallPolicy, lives: EarlierLives) {
    this.#policy = policy;
    this.#lives = lives;
  }

  /** Reads them; undefined for a run that was never retried. */
  static async load(
    journal: Journal,
    { run, address, retries = [] }: SpawnInfo,
    policy: RecallPolicy,
  ): Promise<Recall | undefined> {
    if (retries.length === 0) return undefined;
    return new Recall(policy, await earlierLives(journal, { run, root: address, retries, stepOf: policy.stepOf }));
  }

  /** An effect that is asked for now. Undefined when it was never asked for, or must be performed anew. */
  effect(actor: Address, { data }: PendingEffect, optionsOf: EffectOptionsOf): RecalledEffect | undefined {
    const { src, input } = data;
    const path = this.#lives.paths.get(actor);
    if (path === undefined || isAnew(optionsOf(src))) return undefined;
    const same = optionsOf(src)?.sameStep;
    const step = identityOf(src, same ? same(input) : input);
    const before = this.#lives.current(actor)?.attemptsAt(src, step, same).length ?? 0;
    const nth = this.#count(`${path} ${step}`, before);
    const lives = this.#lives.at(path);
    const attempts = lives.map((life) => life.attemptsAt(src, step, same));
    for (const tried of attempts) {
      const found = tried.filter(({ outcome }) => outcome.ok)[nth];
      if (found) return { outcome: found.outcome };
    }
    for (const [index, tried] of attempts.entries()) {
      const found = tried[nth];
      if (found && isFollowed(lives[index], found.place, optionsOf)) return { outcome: found.outcome };
    }
    const failed = attempts.flatMap((tried) => tried[nth] ?? []);
    const [latest] = failed;
    const first = failed.at(-1);
    if (latest && first) return { key: first.key, again: isUncertain(latest.outcome) };
    const unsettled = lives.findLast((life) => life.unsettled.length > 0)?.unsettled.shift();
    return unsettled === undefined ? undefined : { key: unsettled, again: true };
  }

  /** A child that is begun now: how it ended when it had succeeded. */
  child({ address, parent, input }: SpawnInfo, kind: ChildKind, optionsOf: EffectOptionsOf): ActorRow | undefined {
    const above = parent === undefined ? undefined : this.#lives.paths.get(parent);
    if (above === undefined || this.#lives.paths.has(address)) return undefined;
    const step = keyOfStep(kind.name, this.#policy.stepOf(kind.machine, input));
    const path = `${above}/${step}#${this.#count(`${above}/${step}`, this.#lives.begun(`${above}/${step}`))}`;
    this.#lives.paths.set(address, path);
    return this.#lives.at(path).find(({ row, above: before }) => {
      const end = this.#policy.endOf(row);
      if (end !== 'answered') return end === 'succeeded';
      return isFollowed(before, before?.placeOfEnd(row.actor) ?? -1, optionsOf);
    })?.row;
  }

  /** Counts from what this life had done before the process began. */
  #count(step: string, before: number): number {
    const nth = this.#taken.get(step) ?? before;
    this.#taken.set(step, nth + 1);
    return nth;
  }
}

/** What a child is: the name of its type, and of its machine. */
export interface ChildKind {
  readonly name: string;
  readonly machine: string;
}

const isAnew = (options: EffectOptions<unknown> | undefined): boolean =>
  options?.anew === true || options?.kind === 'pure';

/** Did the actor take something that had succeeded after this? Then it had gone on from it. */
const isFollowed = (life: ActorLife | undefined, place: number, optionsOf: EffectOptionsOf): boolean =>
  life?.successes.some((success) => success.place > place && !isAnew(optionsOf(success.name))) ?? false;

const isUncertain = (outcome: Outcome): boolean => !outcome.ok && outcome.failure.kind === 'uncertain';

/** The policy for machines of which nothing is known: a child that is done has succeeded. */
export const keepDone: RecallPolicy = {
  endOf: ({ status }) => (status === 'done' ? 'succeeded' : 'failed'),
  stepOf: (_, input) => input,
};
