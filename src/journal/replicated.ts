/**
 * A journal that many processes share: every write is an entry of one log, and every process plays the log, in its order, into a view of its own.
 *
 * The log's order decides everything that a database's transaction would: who owns a run, which commit follows which, which message came twice. A write is refused or
 * stored when it is *played*, by every process alike, so nothing has to be agreed on beside the log. What a process asked for resolves once it has played that far
 * itself: it reads what it wrote, and after a claim it has seen all that was written before.
 */
import type { Clock } from '../contracts/clock.ts';
import { toFailure, TroupeError } from '../contracts/failure.ts';
import type { Journal } from './journal.ts';
import type { Log } from './log.ts';
import { Scribe } from './scribe.ts';

/** What changes a journal, in the words of its interface. */
const writes = ['commit', 'record', 'bury', 'settle', 'renew', 'release', 'post', 'dropMail', 'prune'] as const;
export type Write = (typeof writes)[number] | 'claim';

/** `view` is an empty journal that this process alone fills. */
export async function replicated(log: Log, view: Journal, clock: Clock): Promise<Journal> {
  const scribe = new Scribe(log, clock);
  /** Who was refused a run because of whom, and until when: asked again sooner, the log need not hear of it. */
  const refusals = new Map<string, { readonly owner: string; readonly until: number; readonly error: unknown }>();
  const playing = await log.play((entry) =>
    scribe.played(entry, (write, args) => {
      if (write !== 'claim') {
        if (write === 'renew' || write === 'release') refusals.delete(args[0] as string);
        return (view[write] as (...args: unknown[]) => unknown)(...args);
      }
      const [run, owner, options, dead] = args as [string, string, { now: number; ttl: number }, string | null];
      refusals.delete(run);
      return view.claim(run, owner, { ...options, alive: (name) => name !== dead });
    }),
  );

  const claim: Journal['claim'] = async (run, owner, { alive = () => true, ...options }) => {
    const known = refusals.get(run);
    const isHeld = known && known.owner !== owner && known.until > options.now;
    if (isHeld && alive(known.owner)) throw known.error;
    try {
      return await scribe.write<number>('claim', [run, owner, options, isHeld ? known.owner : null]);
    } catch (thrown) {
      const { kind, data } = toFailure(thrown);
      if (kind !== 'owned_elsewhere') throw thrown;
      const held = data as { owner: string; until: number };
      // Only who asks can tell whether the other one lives; the log is told what was found.
      if (!alive(held.owner)) return scribe.write<number>('claim', [run, owner, options, held.owner]);
      refusals.set(run, { ...held, error: thrown });
      throw thrown;
    }
  };
  const written = Object.fromEntries(
    writes.map((name) => [name, (...args: unknown[]) => scribe.write(name, args)]),
  ) as unknown as Pick<Journal, (typeof writes)[number]>;

  return {
    ...view,
    ...written,
    claim,
    settle: (keys) => void scribe.write('settle', [keys]).catch(() => {}), // If this is lost, they are only delivered again.
    async [Symbol.asyncDispose]() {
      scribe.close(new TroupeError('storage', 'This journal was closed.', { retryable: false }));
      await playing[Symbol.asyncDispose]();
      await log[Symbol.asyncDispose]();
      await view[Symbol.asyncDispose]();
    },
  };
}
