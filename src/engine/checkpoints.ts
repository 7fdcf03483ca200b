/**
 * What a long effect has done so far, in the ledger beside the results of effects, so that it goes on from there after a crash (E5).
 *
 * CP1 A checkpoint has a key of its own below the key of its effect: the epoch of the run and a number. Two processes never use the same.
 *    So the epoch tells in which life of a retried run it was stored: a life begins with an epoch of its own.
 * CP2 It is stored whether or not the effect is still wanted: what was done, was done. A process that has lost the run stores none (E4).
 */
import type { Checkpoint } from '../contracts/effect.ts';
import type { PendingEffect } from '../contracts/pending.ts';
import type { Address } from '../values/ids.ts';
import type { Json } from '../values/json.ts';
import type { EngineContext } from './context.ts';
import type { HostedRun } from './hostedRun.ts';
import { retryWrite } from './retryWrite.ts';

/** One effect of one actor. */
export interface CheckpointedEffect {
  /** The address of its actor. */
  readonly actor: Address;
  /** The key under which it was performed first. */
  readonly key: string;
  /** The name of the slot that it fills. */
  readonly name: PendingEffect['data']['src'];
}

/** Checkpoints are told from results by their name. */
const nameOf = (effect: string): string => `${effect}.checkpoint`;

/** The checkpoints of one effect, as parts of its scope. */
export function checkpointsOf(context: EngineContext, run: HostedRun, { actor, key, name }: CheckpointedEffect) {
  const { journal, clock, ending, stalls } = context;
  // Of this ownership: an effect that outlives it stores nothing under a later one.
  const epoch = run.isHere ? run.epoch : 0;
  const patient = <T>(use: () => Promise<T>): Promise<T> =>
    retryWrite(use, () => ({ clock, ending, gone: () => !run.isHere, ...stalls.reportsOf(run.id, actor) }));
  return {
    checkpoint(entry: Json): Promise<void> {
      const result = {
        key: `${key}/${epoch}.${run.nextCheckpoint()}`,
        name: nameOf(name),
        input: null,
        outcome: { ok: true as const, output: entry },
      };
      return patient(() => journal.record(run.id, epoch, actor, clock.now(), result));
    },
    async checkpoints(): Promise<readonly Checkpoint[]> {
      // Those that did the same step in earlier lives of a retried run.
      const actors = new Set([actor, actorOf(key), ...(run.recall?.earlierActors(actor) ?? [])]);
      const ledger = await patient(() => journal.ledger(run.id));
      return ledger.flatMap((entry) =>
        entry.name === nameOf(name) && actors.has(entry.actor) && entry.outcome.ok
          ? [
              {
                actor: entry.actor,
                entry: entry.outcome.output,
                earlier: epochOf(entry.key) < (run.recall?.since ?? -Infinity),
              },
            ]
          : [],
      );
    },
  };
}

/** The actor that an effect was asked for by: its key is `actor/seq/index`. */
const actorOf = (key: string): Address => key.split('/').slice(0, -2).join('/');

/** The epoch in which a checkpoint was stored: its key is `key/epoch.number`. */
const epochOf = (key: string): number => Number.parseInt(key.slice(key.lastIndexOf('/') + 1), 10);
