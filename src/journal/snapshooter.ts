/**
 * Takes a snapshot of the view now and then, and lets the log forget what came before the oldest that is kept: so the log does not grow for ever,
 * and who joins starts from a snapshot. Whoever wrote the entry that is due takes it: nobody has to be asked, and when that one dies, the next does.
 */
import { toFailure } from '../contracts/failure.ts';
import type { Log } from './log.ts';
import type { View } from './view.ts';

export interface SnapshooterOptions {
  readonly log: Log;
  readonly view: View;
  /** Entries from one snapshot to the next; as old as this an entry on its way may be. */
  readonly every: number;
  readonly notice: (says: string) => void;
}

/** The newest may turn out to be damaged, and of the one before somebody may be reading. */
const kept = 2;

export class Snapshooter {
  readonly #options: SnapshooterOptions;
  /** One after the other. */
  #taking: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(options: SnapshooterOptions) {
    this.#options = options;
  }

  heard(position: number, isOwn: boolean): void {
    const { every, notice } = this.#options;
    if (!isOwn || position % every !== 0 || this.#waiting > 1) return;
    this.take().catch((thrown: unknown) =>
      notice(
        `No snapshot of the shared journal could be taken: ${toFailure(thrown).message}. The next one is due after ${every} entries more.`,
      ),
    );
  }

  /** Of the view as it is then. `keep`: how many snapshots stay, with this one. */
  take({ keep = kept }: { readonly keep?: number } = {}): Promise<void> {
    this.#waiting++;
    const take = () => this.#take(keep).finally(() => this.#waiting--);
    const taken = this.#waiting > 1 ? this.#taking.then(take) : take();
    this.#taking = taken.catch(() => {});
    return taken;
  }

  /** When none is being taken. */
  done(): Promise<void> {
    return this.#taking;
  }

  async #take(keep: number): Promise<void> {
    const { log, view, every } = this.#options;
    const { position } = view.mark;
    view.forget(position - every);
    await log.snapshots.write(position, view.dump());
    const oldest = (await log.snapshots.list())[keep - 1];
    if (oldest !== undefined) await log.cut(oldest, oldest - every);
  }
}
