/** Reads of a replica that may turn out to be damaged: it is rebuilt from the log, and the question is asked again. */
import { toFailure } from '../../values/failure.ts';
import type { Journal } from '../journal.ts';
import type { Applier } from './applier.ts';

const methods = [
  'load',
  'list',
  'handled',
  'undelivered',
  'claims',
  'mail',
  'mailed',
  'find',
  'history',
  'ledger',
] as const;
type Reads = Pick<Journal, (typeof methods)[number] | 'verify'>;

/** The reading methods of a replica's journal. */
export function repairedReads(journal: Journal, applier: Pick<Applier, 'rebuild' | 'rebuilding'>): Reads {
  async function ask<T>(question: () => Promise<T>): Promise<T> {
    for (;;) {
      if (applier.rebuilding) await applier.rebuilding;
      try {
        return await question();
      } catch (thrown) {
        if (toFailure(thrown).kind !== 'corrupt') throw thrown;
        // Rejects with the damage when it cannot be repaired, or not any more.
        await applier.rebuild(thrown);
      }
    }
  }
  const asked = Object.fromEntries(
    methods.map((name) => [
      name,
      (...args: readonly unknown[]) =>
        ask(() => (journal[name] as (...args: readonly unknown[]) => Promise<unknown>)(...args)),
    ]),
  ) as unknown as Omit<Reads, 'verify'>;
  return {
    ...asked,
    /** Tells what was damaged, and has it rebuilt. */
    async verify() {
      if (applier.rebuilding) await applier.rebuilding;
      const found = await journal.verify();
      const [first] = found.damage;
      if (first) await applier.rebuild(new Error(first.what)).catch(() => {});
      return found;
    },
  };
}
