/**
 * Takes a snapshot of the replica at intervals, and cuts the log behind the oldest snapshot that is kept: so the log does not grow without end, and a process
 * that joins starts from a snapshot. The process that wrote the entry at which one is due takes it. No agreement is needed: if that process dies, the next one is
 * taken at the next interval.
 */
import { toFailure } from '../../values/failure.ts';
import type { Log } from './log.ts';
import type { JournalReplica } from './replica.ts';

/** What snapshots are taken of, and when. */
export interface SnapshotTakerOptions {
  readonly log: Log;
  readonly replica: JournalReplica;
  /** Entries from one snapshot to the next. Also the greatest age of an entry that is still applied. */
  readonly every: number;
  /** In bytes: one is also due when this process has written so much since the last one it took. */
  readonly bytes: number;
  /** Called with a sentence for the operator. */
  readonly onNotice: (says: string) => void;
  /** Called when the replica turned out to be damaged. Default: nothing. */
  readonly onDamage?: (damage: unknown) => void;
}

/** How many snapshots are kept: the newest may turn out to be damaged, and another process may still be reading the one before. */
const keptSnapshots = 2;

/** Takes the snapshots of one process. */
export class SnapshotTaker {
  readonly #options: SnapshotTakerOptions;
  /** They are taken one after the other. */
  #taking: Promise<void> = Promise.resolve();
  #waiting = 0;
  #written = 0;
  /** Bytes of the last snapshot: a large one is not taken again for a few entries. */
  #size = 0;

  constructor(options: SnapshotTakerOptions) {
    this.#options = options;
  }

  /** Call it after each entry. `own`: its bytes when this process wrote it, else 0. */
  onApplied(position: number, own: number): void {
    const { every, bytes, onNotice } = this.#options;
    this.#written += own;
    const isDue = position % every === 0 || this.#written > Math.max(bytes, this.#size);
    if (own === 0 || !isDue || this.#waiting > 1) return;
    this.take().catch((thrown: unknown) =>
      onNotice(
        `No snapshot of the shared journal could be taken: ${toFailure(thrown).message}. The next one is due after ${every} entries more, at the latest.`,
      ),
    );
  }

  /** Takes a snapshot. `keep`: how many snapshots stay, including this one; default 2. */
  take({ keep = keptSnapshots }: { readonly keep?: number } = {}): Promise<void> {
    this.#waiting++;
    const take = () => this.#take(keep).finally(() => this.#waiting--);
    const taken = this.#waiting > 1 ? this.#taking.then(take) : take();
    this.#taking = taken.catch(() => {});
    return taken;
  }

  /** Resolves when no snapshot is being taken. */
  idle(): Promise<void> {
    return this.#taking;
  }

  async #take(keep: number): Promise<void> {
    const { log, replica, every } = this.#options;
    const { position } = replica.mark;
    replica.forgetWritersBefore(position - every);
    this.#written = 0;
    await log.snapshots.write(position, this.#measured(this.#dump()));
    const oldest = (await log.snapshots.list())[keep - 1];
    if (oldest !== undefined) await log.truncateBefore(oldest, oldest - every);
  }

  #dump(): AsyncIterable<Uint8Array> {
    const { replica, onDamage } = this.#options;
    try {
      return replica.dump();
    } catch (thrown) {
      if (toFailure(thrown).kind === 'corrupt') onDamage?.(thrown);
      throw thrown;
    }
  }

  async *#measured(dump: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let size = 0;
    for await (const part of dump) {
      size += part.length;
      yield part;
    }
    this.#size = size;
  }
}
