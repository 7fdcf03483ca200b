/** One process's copy of a journal that is shared as a log. The copy may be kept in a file that outlives the process. */
import { sleep } from '../../values/clock.ts';
import type { Journal } from '../../journal/journal.ts';
import { memoryReplica } from '../../journal/replicated/memoryReplica.ts';
import { replicated } from '../../journal/replicated/replicated.ts';
import type { JournalReplica } from '../../journal/replicated/replica.ts';
import type { ProcessContext } from './faultContext.ts';
import { FaultyLog } from './faultyLog.ts';
import { callMethod } from './intercept.ts';
import { answeredThrough } from './mortalProcess.ts';
import type { SharedLog } from './sharedLog.ts';

/** What the processes of a world share when each keeps a journal of its own. */
export interface SharedJournal {
  readonly log: SharedLog;
  /** Entries from one snapshot to the next. */
  readonly every: number;
  /** Plants a defect into the view that applies the log. */
  readonly plant: (view: JournalReplica) => JournalReplica;
}

/** What a process left on its machine. */
export type ReplicaFile = AsyncIterable<Uint8Array>;

/** Before a process that could not open the journal tries again; milliseconds. */
const retryPause = 500;

/** One for each life of a process. Calls wait until the journal could be opened. */
export class Replica {
  readonly journal: Journal;
  readonly #log: FaultyLog;
  readonly #view: JournalReplica;

  constructor({ log, every, plant }: SharedJournal, process: ProcessContext, file?: ReplicaFile) {
    const { clock } = process;
    this.#log = new FaultyLog(log, process);
    this.#view = plant(memoryReplica());
    const [view, faulty] = [this.#view, this.#log.log];
    const opened = (async () => {
      if (file) await view.restore(file);
      for (;;) {
        try {
          return await replicated({ log: faulty, replica: view, clock, snapshotEvery: every });
        } catch {
          await sleep(clock, retryPause);
        }
      }
    })();
    this.journal = answeredThrough(clock, view.journal, ({ name, args }) => {
      const answer = (async () => callMethod(await opened, name, args))();
      return name === 'settle' ? void answer : answer;
    });
  }

  /** How far it has applied the log, and the history of a run by then. */
  async applied(run: string): Promise<{ readonly position: number; readonly history: string }> {
    return { position: this.#view.mark.position, history: await historyText(this.#view.journal, run) };
  }

  /** The process does not reach the log until then; milliseconds of the world's time. */
  partition(until: number): void {
    this.#log.partition(until);
  }

  /** The process crashes. Returns its file as it is then. */
  crash(): ReplicaFile {
    this.#log.crash();
    return this.#view.dump();
  }
}

/** The history of a run as one text, to be compared. */
export const historyText = async (journal: Journal, run: string): Promise<string> =>
  JSON.stringify(
    (await journal.history({ run, limit: 1_000_000 })).map(({ actor, seq, epoch, state, event }) => [
      actor,
      seq,
      epoch,
      state,
      event.id,
    ]),
  );
