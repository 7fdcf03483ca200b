/**
 * A journal that many processes share: every write is an entry of one log, and every process plays the log, in its order, into a view of its own.
 *
 * The log's order decides everything that a database's transaction would: who owns a run, which commit follows which, which message came twice. A write is refused or
 * stored when it is *played*, by every process alike, so nothing has to be agreed on beside the log. What a process asked for resolves once it has played that far
 * itself: it reads what it wrote, and after a claim it has seen all that was written before.
 */
import type { Clock } from '../contracts/clock.ts';
import { toFailure, TroupeError } from '../contracts/failure.ts';
import type { Json } from '../contracts/json.ts';
import { writeNames, type WriteName } from './entry.ts';
import type { Journal } from './journal.ts';
import type { Log } from './log.ts';
import { Player } from './player.ts';
import { Scribe } from './scribe.ts';
import { Snapshooter } from './snapshooter.ts';
import type { View } from './view.ts';

export interface ReplicatedOptions {
  readonly log: Log;
  /** What this process alone fills; closed with the journal. */
  readonly view: View;
  readonly clock: Clock;
  /** Entries from one snapshot to the next. All processes of a journal must be told the same; 10,000 unless told otherwise. */
  readonly every?: number;
  /** Or so many bytes that this process has written; 64 MB, or what a snapshot has, unless told otherwise. */
  readonly heavy?: number;
  /** Says what a person should know, in a sentence. */
  readonly notice?: (says: string) => void;
}

/** Rejects with `environment` when the log is another one than the view has played, `storage` when it cannot be read. */
export async function replicated({
  log,
  view,
  clock,
  every = 10_000,
  heavy = 64_000_000,
  notice = () => {},
}: ReplicatedOptions): Promise<Journal> {
  const scribe = new Scribe({ log, clock, position: () => view.mark.position });
  const snapshooter = new Snapshooter({ log, view, every, heavy, notice });
  const { journal } = view;
  /** Who was refused a run because of whom, and until when: asked again sooner, the log need not hear of it. */
  const refusals = new Map<string, { readonly owner: string; readonly until: number; readonly error: unknown }>();
  const perform = (write: WriteName, args: readonly Json[]): unknown => {
    if (write !== 'claim') {
      if (write === 'renew' || write === 'release') refusals.delete(args[0] as string);
      return (journal[write] as (...args: unknown[]) => unknown)(...args);
    }
    const [run, owner, options, dead] = args as [string, string, { now: number; ttl: number }, string | null];
    refusals.delete(run);
    return journal.claim(run, owner, { ...options, alive: (name) => name !== dead });
  };
  const heard = (position: number, own: number) => snapshooter.heard(position, own);
  const player = new Player({ log, view, scribe, clock, perform, horizon: every, leap: every, heard, notice });
  const close = async () => {
    scribe.close(new TroupeError('storage', 'This journal was closed.', { retryable: false }));
    await player.stop();
    await snapshooter.done();
    await log[Symbol.asyncDispose]();
    await view[Symbol.asyncDispose]();
  };
  await player.start().catch(async (thrown: unknown) => {
    await close();
    throw thrown;
  });

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
    writeNames.map((name) => [name, (...args: unknown[]) => scribe.write(name, args)]),
  ) as unknown as Pick<Journal, (typeof writeNames)[number]>;

  return {
    ...journal,
    ...written,
    claim,
    lost: () => scribe.closed,
    settle: (keys) => void scribe.write('settle', [keys]).catch(() => {}), // If this is lost, they are only delivered again.
    async prune(before) {
      const count = await written.prune(before);
      // What is forgotten is forgotten by the log as well, not only some day.
      if (count > 0) await snapshooter.take({ keep: 1 });
      return count;
    },
    [Symbol.asyncDispose]: close,
  };
}
