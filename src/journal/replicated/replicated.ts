/**
 * A journal that many processes share: every write is an entry of one log, and every process applies the log, in its order, to a replica of its own.
 *
 * The log's order decides what a database transaction would decide: which process owns a run, which commit follows which, which message is a duplicate. A write is
 * refused or stored when it is *applied*, and every process comes to the same result, so the processes agree on nothing but the log. A write resolves once this
 * process has applied it: the process reads its own writes, and after a claim it has seen everything that was written before.
 */
import { reasonOf } from '../../values/cause.ts';
import type { Clock } from '../../values/clock.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { loggedMethods, type LoggedMethod } from './loggedMethods.ts';
import type { Commit, Journal } from '../journal.ts';
import type { Log } from './log.ts';
import { Applier } from './applier.ts';
import { leaseHolderIn, type LeaseHolder } from '../refusals.ts';
import { LogWriter } from './logWriter.ts';
import { SnapshotTaker } from './snapshots.ts';
import { repairedReads } from './repairedReads.ts';
import type { JournalReplica } from './replica.ts';

/** How a shared journal is opened. */
export interface ReplicatedOptions {
  /** Closed with the journal. */
  readonly log: Log;
  /** The replica of this process; closed with the journal. */
  readonly replica: JournalReplica;
  readonly clock: Clock;
  /** Entries from one snapshot to the next; the same for all processes of a journal. Default: 10,000. */
  readonly snapshotEvery?: number;
  /** A snapshot is also taken after this process has written so many bytes, and at least the size of the last snapshot. Default: 64,000,000. */
  readonly snapshotBytes?: number;
  /** The log may lack entries that the replica has applied, because it was restored to an older state: they are given up. Default: it is refused. */
  readonly acceptRestored?: boolean;
  /** Called with a sentence for the operator. Default: nothing. */
  readonly onNotice?: (says: string) => void;
}

/** What is written to the log for a claim: the arguments of `claim`, and the owner that its writer found dead, if any. */
type ClaimArguments = [run: string, owner: string, options: { now: number; ttl: number }, dead: string | null];

/** Milliseconds after which `trouble` no longer relies on the last entry that was applied. */
const probeInterval = 10_000;

/** Opens a shared journal; resolves when the replica is up to date. Rejects with `environment` when the replica is of another log, `storage` when the log cannot be read. */
export async function replicated({
  log,
  replica,
  clock,
  snapshotEvery = 10_000,
  snapshotBytes = 64_000_000,
  acceptRestored = false,
  onNotice = () => {},
}: ReplicatedOptions): Promise<Journal> {
  const writer = new LogWriter({ log, clock, position: () => replica.mark.position });
  const snapshots = new SnapshotTaker({
    log,
    replica,
    every: snapshotEvery,
    bytes: snapshotBytes,
    onNotice,
    onDamage: (damage) => void applier.rebuild(damage).catch(() => {}), // Told with the snapshot that could not be taken.
  });
  // Each lease is renewed by an entry of its own: every process reads from the log how long it lasts.
  const { renewAll: _, ...journal } = replica.journal;
  /** By run: the claim that was refused last, and the lease that stood against it. While that lease holds, another claim is refused without the log. */
  const refusals = new Map<string, LeaseHolder & { readonly error: unknown }>();
  const perform = (write: LoggedMethod, args: readonly Json[]): unknown => {
    if (write !== 'claim') {
      const [run] = args;
      if ((write === 'renew' || write === 'release') && typeof run === 'string') refusals.delete(run);
      // In the log, the keys stand without their run; that they are texts was checked when the entry was decoded.
      if (write === 'settle') return journal.settle('', run as readonly string[]);
      // The entry holds the arguments with which its writer called the method of this name.
      return (journal[write] as (...args: readonly unknown[]) => unknown)(...args);
    }
    const [run, owner, options, dead] = args as unknown as ClaimArguments;
    refusals.delete(run);
    return journal.claim(run, owner, { ...options, alive: (name) => name !== dead });
  };
  /** When an entry was applied last: then the log could be written. */
  let appliedAt = clock.now();
  const onApplied = (position: number, own: number) => {
    appliedAt = clock.now();
    snapshots.onApplied(position, own);
  };
  const applier = new Applier({
    log,
    replica,
    writer,
    clock,
    apply: perform,
    staleAfter: snapshotEvery,
    catchUpThreshold: snapshotEvery,
    acceptRestored,
    onApplied,
    notice: onNotice,
  });
  const reads = replica.recreate ? repairedReads(journal, applier) : journal;
  const close = async () => {
    writer.close(new TroupeError('storage', 'This journal was closed.', { retryable: false }));
    await applier.stop();
    await snapshots.idle();
    await log[Symbol.asyncDispose]();
    await replica[Symbol.asyncDispose]();
  };
  await applier.start().catch(async (thrown: unknown) => {
    await close();
    throw thrown;
  });

  /** A claim whose caller was told that its outcome is unknown is given back when it turns out to be stored: nobody would renew the lease, or end it. */
  const writeClaim = (...args: ClaimArguments): Promise<number> => {
    const [run, owner, options] = args;
    const giveBack = (epoch: number) => void writer.write('release', [run, epoch]).catch(() => {});
    const onLate = (outcome: Promise<unknown> | undefined) =>
      // Where it stays unknown, another claim tells: it is refused when somebody else has the run.
      void (outcome ?? writer.write('claim', [run, owner, options, null])).then(
        (epoch) => giveBack(epoch as number), // A claim results in its epoch.
        () => {},
      );
    return writer.write<number>('claim', args, { onLate });
  };

  const claim: Journal['claim'] = async (run, owner, { alive = () => true, ...options }) => {
    const known = refusals.get(run);
    const isHeld = known && known.owner !== owner && known.until > options.now;
    if (isHeld && alive(known.owner)) throw known.error;
    try {
      return await writeClaim(run, owner, options, isHeld ? known.owner : null);
    } catch (thrown) {
      const holder = leaseHolderIn(thrown);
      if (!holder) throw thrown;
      // Only this process can ask whether the holder is alive; what it found is written to the log with the next claim.
      if (!alive(holder.owner)) return writeClaim(run, owner, options, holder.owner);
      refusals.set(run, { ...holder, error: thrown });
      throw thrown;
    }
  };
  // A call of one of these methods is written to the log as its name and arguments.
  const logged = Object.fromEntries(
    loggedMethods.map((name) => [name, (...args: unknown[]) => writer.write(name, args)]),
  ) as unknown as Pick<Journal, (typeof loggedMethods)[number]>;

  /** A commit whose outcome was lost with the replica is looked up: only this process writes under its epoch. */
  const orLookUp = async (write: LoggedMethod, args: readonly unknown[], [first]: readonly Commit[]): Promise<void> => {
    const wasLost = writer.wasLost(write, args);
    try {
      await writer.write(write, args);
    } catch (thrown) {
      if (!wasLost || !first || !(await isStored(first))) throw thrown;
    }
  };
  const isStored = async ({ actor, seq, epoch, event }: Commit): Promise<boolean> =>
    (await reads.history({ actor, newest: true, limit: 100 })).some(
      (entry) => entry.seq === seq && entry.epoch === epoch && entry.event.id === event.id,
    );

  /** Is written where nothing else was for some time, and changes nothing: a disk that is full shows only when something is written. */
  const probe = () => {
    if (clock.now() - appliedAt < probeInterval) return;
    appliedAt = clock.now();
    void writer.write('settle', [[]]).catch(() => {});
  };

  return {
    ...journal,
    ...reads,
    ...logged,
    claim,
    commit: (commit) => orLookUp('commit', [commit], [commit]),
    commitAll: (commits) => orLookUp('commitAll', [commits], commits),
    // The time of a dead letter is no part of its identity: asked again, it is the same one.
    bury: (run, epoch, letter) =>
      writer.write('bury', [run, epoch, letter], {
        identity: JSON.stringify(['bury', run, epoch, letter.to, letter.id]),
      }),
    lost: () => writer.closed,
    skipped: () => replica.skipped,
    trouble({ tryWrite = false } = {}) {
      const trouble = writer.closed?.message ?? writer.trouble ?? applier.trouble;
      if (trouble === undefined && tryWrite) probe();
      return trouble;
    },
    settle: (_run, keys) => void writer.write('settle', [keys]).catch(() => {}), // If the removal is lost, they are only delivered again.
    async prune(before) {
      // Whoever may not cut the log would delete the runs from the replicas and leave their data on the server.
      await log.requireTruncation();
      const count = await logged.prune(before);
      // Pruned data is deleted from the log as well, and at once. From here on the runs are deleted, whatever becomes of the snapshot.
      if (count > 0)
        await snapshots
          .take({ keep: 1 })
          .catch((thrown: unknown) =>
            onNotice(
              `The runs are deleted, and what was stored of them is still in the log, because no snapshot could be taken: ${reasonOf(thrown)}. The next snapshot removes it.`,
            ),
          );
      return count;
    },
    [Symbol.asyncDispose]: close,
  };
}
