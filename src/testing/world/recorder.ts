/** Records what really reached the journal, even where a process believes otherwise, and which of the engine's promises (E2, E4, E5, E7) that broke. */
import type { Commit, Journal } from '../../journal/journal.ts';
import type { KeyedCall } from '../../contracts/keyedCall.ts';
import { memory } from '../../journal/memory/memory.ts';
import type { EffectAttempt } from './effectAttempt.ts';
import { overrideMethods } from './intercept.ts';

/** A promise of the engine that was broken. */
export interface BrokenPromise {
  readonly promise: 'E2' | 'E4' | 'E5' | 'E7';
  /** What happened, in words. */
  readonly says: string;
}

type Result = Commit['results'][number];

/** One for all processes that share a journal. */
export class Recorder {
  /** The journal that all processes share; what is written to it is recorded. */
  readonly journal: Journal;
  readonly broken: BrokenPromise[] = [];
  /** Keys of the writes whose outcome is `uncertain`: a person or the machine decides what to do. */
  readonly uncertain: string[] = [];
  /** Commits that were stored. */
  commits = 0;
  /** Keys whose result is in the ledger. */
  readonly #known = new Set<string>();
  /** Keys of the effects that a commit asked for. */
  readonly #asked = new Set<string>();
  /** By logical step, the key under which its tool was first called. */
  readonly #keys = new Map<string, string>();
  /** Of each run, the epoch of its latest claim. */
  readonly #epochs = new Map<string, number>();

  /** `inner` keeps what is written; `defect` plants a defect, to see that it is found. */
  constructor(inner: Journal = memory(), defect: (journal: Journal) => Journal = (journal) => journal) {
    this.journal = defect(
      overrideMethods(inner, {
        claim: async (run, ...more) => {
          const epoch = await inner.claim(run, ...more);
          this.claimed(run, epoch);
          return epoch;
        },
        commit: async (commit) => {
          await inner.commit(commit);
          this.#committed(commit);
        },
        ...(inner.commitAll && {
          commitAll: async (commits: readonly Commit[]) => {
            await inner.commitAll?.(commits);
            for (const commit of commits) this.#committed(commit);
          },
        }),
        record: async (...args) => {
          await inner.record(...args);
          this.#stored(args[4]);
        },
      }),
    );
  }

  /** A run was claimed under this epoch. */
  claimed(run: string, epoch: number): void {
    this.#epochs.set(run, epoch);
  }

  /** An effect is attempted: under the key of the commit that asks for it, the first time and every other time (E2). An eager one may come before the commit. */
  protected requireAsked({ name, key, eager }: Pick<EffectAttempt, 'name' | 'key' | 'eager'>): void {
    if (!eager && !this.#asked.has(key))
      this.report('E2', `"${name}" was performed under ${key}, which no commit asked for`);
  }

  /** The engine starts an effect, which it must not when the result is in the ledger (E5). */
  effectStarted(name: string, key: string): void {
    if (this.#known.has(key))
      this.report('E5', `"${name}" was performed again under ${key}, whose result was in the ledger`);
  }

  /**
   * A function of a tool is called for an actor. A write is one logical step, with one key: when it is attempted, when it is looked up, and when
   * it is made again. A world that honours keys would do it twice.
   */
  toolCalled(actor: string, { tool, isWrite, input, key }: KeyedCall): void {
    if (!isWrite) return;
    const step = `${actor} ${tool} ${JSON.stringify(input)}`;
    const first = this.#keys.get(step) ?? key;
    this.#keys.set(step, first);
    if (first !== key) this.report('E2', `one call of "${tool}" by ${actor} had two keys, ${first} and ${key}`);
  }

  protected report(promise: BrokenPromise['promise'], what: string): void {
    this.broken.push({ promise, says: `${what} (${promise})` });
  }

  /** A commit must be of the process that claimed the run last (E4). */
  #committed({ run, epoch, actor, seq, results, opens }: Commit): void {
    this.commits++;
    for (const { kind, key } of opens) if (kind === 'effect') this.#asked.add(key);
    const now = this.#epochs.get(run);
    if (epoch !== now)
      this.report('E4', `commit ${seq} of ${actor} was written in epoch ${epoch}, when the owner was that of ${now}`);
    for (const result of results) this.#stored(result);
  }

  #stored({ key, outcome }: Result): void {
    this.#known.add(key);
    if (!outcome.ok && outcome.failure.kind === 'uncertain') this.uncertain.push(key);
  }
}
