/** A shared store in memory: for tests and the simulator. Processes are objects of one program, and time is that of the given clock. */
import { sleep, type Clock } from '../../values/clock.ts';
import { emptyLogs, memoryLogs, type LogContents } from './memoryLogs.ts';
import { presenceTtl, type Presence, type SharedStore } from './store.ts';

/** A store in memory as one process has it. */
export interface MemoryStore extends SharedStore {
  /** The same store for another process. Disposing what is returned ends what that process answers. */
  open(): MemoryStore;
  /** Processes that are connected and do not answer, as when they were stopped by a signal: a ping of them is `silent`, a nudge reaches nobody. */
  readonly frozen: Set<string>;
}

/** What a store holds, by collection; the presence of processes is no part of it. */
export type StoreContents = Readonly<Record<'logs' | 'runs' | 'mail' | 'free', LogContents>>;

/** The contents of an empty store. */
export const emptyStore = (): StoreContents => ({
  logs: emptyLogs(),
  runs: emptyLogs(),
  mail: emptyLogs(),
  free: emptyLogs(),
});

/** Makes a store; over `contents`, which it changes, or an empty one. `identity`: `memory` by default. */
export function memoryStore({
  clock,
  identity = 'memory',
  contents = emptyStore(),
}: {
  readonly clock: Pick<Clock, 'now' | 'wake'>;
  readonly identity?: string;
  readonly contents?: StoreContents;
}): MemoryStore {
  const [logs, runs] = [memoryLogs(contents.logs), memoryLogs(contents.runs)];
  const [mail, free] = [memoryLogs(contents.mail), memoryLogs(contents.free)];
  /** When each process was announced last. */
  const announced = new Map<string, number>();
  const answering = new Map<string, (run: string) => void>();
  const frozen = new Set<string>();

  function presenceSince(opened: number, own: Set<Disposable>): Presence {
    return {
      announce: async (process) => void announced.set(process, clock.now()),
      withdraw: async (process) => void announced.delete(process),
      async present() {
        if (clock.now() < opened + presenceTtl) return undefined;
        for (const [process, at] of announced) if (clock.now() >= at + presenceTtl) announced.delete(process);
        return new Set(announced.keys());
      },
      answer(process, onNudge) {
        answering.set(process, onNudge);
        const answer = {
          [Symbol.dispose]() {
            own.delete(answer);
            if (answering.get(process) === onNudge) answering.delete(process);
          },
        };
        own.add(answer);
        return answer;
      },
      async ping(process, timeout) {
        if (!answering.has(process)) return 'gone';
        if (!frozen.has(process)) return 'alive';
        await sleep(clock, timeout);
        return 'silent';
      },
      nudge(process, run) {
        // Not within this call: over a network it never is.
        if (!frozen.has(process)) void Promise.resolve().then(() => answering.get(process)?.(run));
      },
    };
  }

  function open(): MemoryStore {
    const own = new Set<Disposable>();
    return {
      logs,
      runs,
      mail,
      free,
      presence: presenceSince(clock.now(), own),
      identity,
      frozen,
      open,
      lost: () => undefined,
      async requireDeletion() {},
      async [Symbol.asyncDispose]() {
        for (const answer of own) answer[Symbol.dispose]();
      },
    };
  }
  return open();
}
