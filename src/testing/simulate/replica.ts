/** One process's copy of a journal that is shared as a log: opened when it can be, kept in a file that outlives the process, or not. */
import { sleep } from '../../contracts/clock.ts';
import type { Journal } from '../../journal/journal.ts';
import { memoryView } from '../../journal/memoryView.ts';
import { replicated } from '../../journal/replicated.ts';
import type { View } from '../../journal/view.ts';
import type { Surroundings } from './disk.ts';
import type { Gate } from './gate.ts';
import { Line } from './line.ts';
import type { SharedLog } from './sharedLog.ts';

/** What the processes of a simulation share, instead of a disk. */
export interface Shared {
  readonly log: SharedLog;
  /** Entries from one snapshot to the next. */
  readonly every: number;
  /** Plants a defect into what plays the log. */
  readonly plant: (view: View) => View;
}

/** What a process left on its machine. */
export type ViewFile = AsyncIterable<Uint8Array>;

/** Milliseconds before a process that could not open the journal tries again. */
const again = 500;

export class Replica {
  readonly journal: Journal;
  readonly #line: Line;
  readonly #view: View;

  constructor({ log, every, plant }: Shared, gate: Gate, name: string, around: Surroundings, file?: ViewFile) {
    const line = new Line(log, gate, name, around);
    this.#line = line;
    this.#view = plant(memoryView());
    const view = this.#view;
    const opened = (async () => {
      if (file) await view.load(file);
      for (;;) {
        try {
          return await replicated({ log: line.log, view, clock: gate.clock, every });
        } catch {
          await sleep(gate.clock, again);
        }
      }
    })();
    const call = async (property: PropertyKey, args: unknown[]) =>
      (Reflect.get(await opened, property) as (...args: unknown[]) => unknown)(...args);
    this.journal = new Proxy(view.journal, {
      get:
        (_, property) =>
        (...args: unknown[]) => {
          if (property === 'settle') return void call(property, args);
          return gate.dead ? new Promise(() => {}) : gate.answer(call(property, args));
        },
    });
  }

  /** How far it has played, and what came of it for a run. */
  async seen(run: string): Promise<{ readonly position: number; readonly history: string }> {
    return { position: this.#view.mark.position, history: await historyOf(this.#view.journal, run) };
  }

  cutOff(until: number): void {
    this.#line.cutOff(until);
  }

  /** Gives its file as it stands. */
  tear(): ViewFile {
    this.#line.tear();
    return this.#view.dump();
  }
}

/** Everything that happened in a run, as one text. */
export const historyOf = async (journal: Journal, run: string): Promise<string> =>
  JSON.stringify(
    (await journal.history({ run, limit: 1_000_000 })).map(({ actor, seq, epoch, state, event }) => [
      actor,
      seq,
      epoch,
      state,
      event.id,
    ]),
  );
