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
  /** One is due as well when this process has written so many bytes since the last that it took. */
  readonly heavy: number;
  readonly notice: (says: string) => void;
}

/** The newest may turn out to be damaged, and of the one before somebody may be reading. */
const kept = 2;

export class Snapshooter {
  readonly #options: SnapshooterOptions;
  /** One after the other. */
  #taking: Promise<void> = Promise.resolve();
  #waiting = 0;
  #written = 0;
  /** Of the last: a large one is not taken for little. */
  #size = 0;

  constructor(options: SnapshooterOptions) {
    this.#options = options;
  }

  /** `own`: bytes of the entry there, when this process has written it. */
  heard(position: number, own: number): void {
    const { every, heavy, notice } = this.#options;
    this.#written += own;
    const isDue = position % every === 0 || this.#written > Math.max(heavy, this.#size);
    if (own === 0 || !isDue || this.#waiting > 1) return;
    this.take().catch((thrown: unknown) =>
      notice(
        `No snapshot of the shared journal could be taken: ${toFailure(thrown).message}. The next one is due after ${every} entries more, at the latest.`,
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
    this.#written = 0;
    await log.snapshots.write(position, this.#weighed(view.dump()));
    const oldest = (await log.snapshots.list())[keep - 1];
    if (oldest !== undefined) await log.cut(oldest, oldest - every);
  }
  async *#weighed(dump: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let size = 0;
    for await (const part of dump) {
      size += part.length;
      yield part;
    }
    this.#size = size;
  }
}
