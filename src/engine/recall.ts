/**
 * What a retried run keeps of its earlier lives.
 *
 * A retry begins the root again, with the definition of today. The run goes the same way again, and each step that had succeeded is answered from the
 * journal, until it comes to the step that had failed.
 *
 * RC1 An effect that had succeeded is not performed again, and a child that had succeeded is not begun again.
 * RC2 A failure that its actor went on from is kept as well: what came after it depends on it. An output that tells of a failure (`failureIn`) never is.
 * RC3 What had failed, or had begun and was not settled, is performed again under the key of its first attempt.
 * RC4 Everything here is read from the journal, so a retry that is interrupted by a crash keeps the same again.
 */
import type { Outcome } from '../contracts/effect.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';
import type { PendingEffect } from '../contracts/pending.ts';
import type { Json } from '../values/json.ts';
import type { Address } from '../values/ids.ts';
import type { SpawnInfo } from '../core/spawn.ts';
import type { ActorLife } from './actorLife.ts';
import { earlierLives, type EarlierLives } from './earlierLives.ts';
import { childPath, childStep } from './places.ts';
import { isAnew, judged, Operations, type EffectOptionsOf, type Operation } from './operations.ts';

/** What the host must be told about the machines that it runs. */
export interface RecallPolicy {
  /** How an actor ended: what `failed` is always begun again; `answered` is a failure from which its parent can go on. */
  endOf(row: ActorRow): 'succeeded' | 'answered' | 'failed';
  /** What of a child's input says that it is the same step; not how much it may use up, or until when. */
  stepOf(machine: string, input: Json): Json;
}

/** What is known of an effect: its result, or the key to perform it under and whether it may have happened. */
export type RecalledEffect = { readonly outcome: Outcome } | { readonly key: string; readonly again: boolean };

/** The earlier lives of one retried run. */
export class Recall {
  /** How often the run was retried. */
  readonly retries: number;
  readonly #policy: RecallPolicy;
  readonly #lives: EarlierLives;
  /** By the path of the actor that asks for them. */
  readonly #operations = new Map<string, Operations>();
  /** How often a child was begun at a step in this life. */
  readonly #begun = new Map<string, number>();
  /** The epoch of the run with which its present life began. */
  readonly since: number;

  private constructor(
    policy: RecallPolicy,
    lives: EarlierLives,
    { retries, since }: Pick<Recall, 'retries' | 'since'>,
  ) {
    this.#policy = policy;
    this.#lives = lives;
    this.retries = retries;
    this.since = since;
  }

  /** Reads them; undefined for a run that was never retried. `epoch`: the present one of the run. */
  static async load(
    journal: Journal,
    { run, address, retries = [] }: SpawnInfo,
    policy: RecallPolicy,
    epoch: number,
  ): Promise<Recall | undefined> {
    if (retries.length === 0) return undefined;
    const lives = await earlierLives(journal, run, { root: address, retries, stepOf: policy.stepOf });
    return new Recall(policy, lives, { retries: retries.length, since: lives.since ?? epoch });
  }

  /** The actors that did what this one does, in earlier lives, the oldest first. */
  earlierActors(actor: Address): readonly Address[] {
    const path = this.#lives.paths.get(actor);
    return path === undefined
      ? []
      : this.#lives
          .at(path)
          .map(({ row }) => row.actor)
          .toReversed();
  }

  /** An effect that is asked for now. Undefined when it was never asked for, or must be performed anew. */
  effect(actor: Address, { key, data }: PendingEffect, optionsOf: EffectOptionsOf): RecalledEffect | undefined {
    const path = this.#lives.paths.get(actor);
    if (path === undefined) return undefined;
    const operations =
      this.#operations.get(path) ?? new Operations(this.#lives.at(path), this.#lives.current(actor), optionsOf);
    this.#operations.set(path, operations);
    const operation = operations.ask({ key, name: data.src, input: data.input });
    if (!operation) return undefined;
    const outcome = keptOutcome(operation, optionsOf);
    if (outcome) return { outcome };
    return operation.key === key ? undefined : { key: operation.key, again: operation.mayHaveHappened };
  }

  /** A child that is begun now: how it ended when it had succeeded. */
  child({ address, parent, input }: SpawnInfo, kind: ChildKind, optionsOf: EffectOptionsOf): ActorRow | undefined {
    const above = parent === undefined ? undefined : this.#lives.paths.get(parent);
    if (above === undefined || this.#lives.paths.has(address)) return undefined;
    const step = childStep(above, kind.name, address, this.#policy.stepOf(kind.machine, input));
    const path = childPath(step, this.#count(step));
    this.#lives.paths.set(address, path);
    return this.#lives.at(path).find(({ row, above: before }) => {
      const end = this.#policy.endOf(row);
      if (end !== 'answered') return end === 'succeeded';
      return isFollowed(before, before?.endTaken(row.actor), optionsOf);
    })?.row;
  }

  /** Counts from what this life had done before the process began. */
  #count(step: string): number {
    const nth = this.#begun.get(step) ?? this.#lives.begun(step);
    this.#begun.set(step, nth + 1);
    return nth;
  }
}

/** What a child is: the name of its type, and of its machine. */
export interface ChildKind {
  readonly name: string;
  readonly machine: string;
}

/** What an operation came to, where that is kept: a success, or a failure from which its actor went on. */
function keptOutcome({ attempts, isSuperseded }: Operation, optionsOf: EffectOptionsOf): Outcome | undefined {
  const succeeded = attempts.findLast(({ attempt }) => attempt.outcome?.ok);
  if (succeeded || isSuperseded) return succeeded?.attempt.outcome;
  return attempts.findLast(({ life, attempt }) => isFollowed(life, attempt.taken, optionsOf))?.attempt.outcome;
}

/** Did the actor take something that had succeeded after it had taken this? Then it had gone on from it. */
const isFollowed = (life: ActorLife | undefined, taken: number | undefined, optionsOf: EffectOptionsOf): boolean =>
  taken !== undefined &&
  life !== undefined &&
  life.attempts.some((made) => {
    const options = optionsOf(made.name);
    const later = judged(made, options);
    return later.outcome?.ok && later.taken !== undefined && later.taken > taken && !isAnew(options);
  });

/** The policy for machines of which nothing is known: a child that is done has succeeded. */
export const keepDone: RecallPolicy = {
  endOf: ({ status }) => (status === 'done' ? 'succeeded' : 'failed'),
  stepOf: (_, input) => input,
};
