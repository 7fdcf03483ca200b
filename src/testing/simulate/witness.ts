/** Sees what really reached the disk and the world, whatever the processes believe; complains at once when a promise is broken. */
import type { EffectKind } from '../../contracts/effect.ts';
import type { Commit, Journal } from '../../journal/journal.ts';
import { memory } from '../../journal/memory.ts';
import { optionFor, type Performer } from '../effects.ts';

/** A promise that was broken: by the engine's invariant, and in words. */
export interface Complaint {
  readonly promise: 'E4' | 'E5' | 'E7';
  readonly says: string;
}

export class Witness {
  readonly disk: Journal;
  readonly complaints: Complaint[] = [];
  commits = 0;
  readonly #known = new Set<string>();
  readonly #epochs = new Map<string, number>();
  /** How many processes began an effect, by its key, and what each of them began. */
  readonly #times = new Map<string, number>();
  readonly #begun = new Map<object, Set<string>>();

  /** `inner`: what keeps it, when that is not the disk of all. */
  constructor(fault: (journal: Journal) => Journal = (journal) => journal, inner: Journal = memory()) {
    this.disk = {
      ...inner,
      claim: async (run, ...more) => {
        const epoch = await inner.claim(run, ...more);
        this.#epochs.set(run, epoch);
        return epoch;
      },
      commit: async (commit) => {
        await inner.commit(commit);
        this.#saw(commit);
      },
      record: async (...args) => {
        await inner.record(...args);
        this.#known.add(args[4].key);
      },
    };
    this.disk = fault(this.disk);
  }

  /**
   * A process begins an effect. It is judged when the engine decides, not when the world is reached: one that stood still goes on
   * with what it had begun, under the same key, and nobody can prevent that.
   */
  begins(name: string, { options }: Performer, input: unknown, key: string, process: object): void {
    const begun = this.#begun.get(process) ?? new Set();
    this.#begun.set(process, begun);
    if (begun.has(key)) return; // Tried again.
    begun.add(key);
    if (this.#known.has(key))
      this.#complain('E5', `"${name}" was performed again under ${key}, whose result was in the ledger`);
    const times = (this.#times.get(key) ?? 0) + 1;
    this.#times.set(key, times);
    const isBlind =
      optionFor<EffectKind>(options.kind, input, 'read') === 'write' && !optionFor(options.idempotent, input, false);
    if (isBlind && times > 1)
      this.#complain('E7', `"${name}", a write without a key, was begun ${times} times under ${key}`);
  }

  #saw({ run, epoch, actor, seq, results }: Commit): void {
    this.commits++;
    const now = this.#epochs.get(run);
    if (epoch !== now)
      this.#complain(
        'E4',
        `commit ${seq} of ${actor} was written in epoch ${epoch}, when the owner was that of ${now}`,
      );
    for (const { key } of results) this.#known.add(key);
  }

  #complain(promise: Complaint['promise'], says: string): void {
    this.complaints.push({ promise, says: `${says} (${promise})` });
  }
}
