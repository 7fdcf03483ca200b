/**
 * One process's access to a shared store. Appends may be slow, refused for lack of room, unanswered (stored, not stored, or stored later), arrive twice, and arrive after
 * the process has crashed; answers may come late, the index may lag behind, and a process that is paused or cut off answers no ping.
 */
import { sleep } from '../../values/clock.ts';
import { TroupeError } from '../../values/failure.ts';
import type { MemoryStore } from '../../journal/shared/memoryStore.ts';
import type { FencedLogs, LogHead, Presence, SharedStore, StoredMessage } from '../../journal/shared/store.ts';
import { never } from './faultClock.ts';
import type { ProcessContext } from './faultContext.ts';
import { maxLag, recordedLogs, type RecordedLogs } from './recordedLogs.ts';
import { RequestLine } from './requestLine.ts';

/** Milliseconds after which a request counts as unanswered. */
const requestTimeout = 5_000;
/** The most messages that a read returns at once. */
const batchSize = 3;

/** A store that the processes of a world share: the truth, and what its index said before. */
export interface WorldStore {
  /** Without faults, for who looks at the truth. */
  readonly truth: MemoryStore;
  readonly collections: Readonly<Record<'logs' | 'runs' | 'mail' | 'free', RecordedLogs>>;
}

/** Makes the store of a world. All its processes must reach it through `FaultyStore`. */
export function worldStore(truth: MemoryStore, time: ProcessContext['context']['time']): WorldStore {
  const [logs, runs] = [recordedLogs(truth.logs, time), recordedLogs(truth.runs, time)];
  const [mail, free] = [recordedLogs(truth.mail, time), recordedLogs(truth.free, time)];
  return { truth, collections: { logs, runs, mail, free } };
}

/** One for each life of a process. */
export class FaultyStore {
  readonly store: SharedStore;
  readonly #process: ProcessContext;
  readonly #own: MemoryStore;
  readonly #lines: RequestLine[] = [];
  /** The names under which the process answers pings. */
  readonly #answering = new Set<string>();
  #partitionedUntil = 0;
  #isPaused = false;

  constructor({ truth, collections }: WorldStore, process: ProcessContext) {
    this.#process = process;
    this.#own = truth.open();
    const { logs, runs, mail, free } = collections;
    this.store = {
      ...this.#own,
      // Messages that wait are counted by the leader, which does not lag.
      logs: this.#faulty(logs, true),
      runs: this.#faulty(runs, true),
      mail: this.#faulty(mail, false),
      free: this.#faulty(free, true),
      presence: this.#presence(this.#own.presence),
    };
  }

  /** The process does not reach the store until then; milliseconds of the world's time. */
  partition(until: number): void {
    const { time } = this.#process.context;
    this.#partitionedUntil = until;
    this.#freeze();
    if (until > time.now()) time.wake(until, () => this.#freeze());
  }

  /** The process stands still: it answers no ping. */
  pause(): void {
    this.#isPaused = true;
    this.#freeze();
  }

  resume(): void {
    this.#isPaused = false;
    this.#freeze();
  }

  /** The process crashes: of its requests a prefix arrives, and it never learns of it. A machine without power does not close its connection either. */
  crash(): void {
    const { plan } = this.#process.context;
    for (const line of this.#lines) line.cut(plan.size('crash', 0, line.length));
    const hasPower = plan.size('crash', 0, 1) === 1;
    if (hasPower) void this.#own[Symbol.asyncDispose]();
    else for (const name of this.#answering) this.#own.frozen.add(name);
  }

  #freeze(): void {
    const isSilent = this.#isPaused || this.#isPartitioned;
    for (const name of this.#answering)
      if (isSilent || this.#process.clock.dead) this.#own.frozen.add(name);
      else this.#own.frozen.delete(name);
  }

  get #isPartitioned(): boolean {
    return this.#process.context.time.now() < this.#partitionedUntil;
  }

  #faulty(inner: RecordedLogs, lags: boolean): FencedLogs {
    const line = this.#line();
    const lagged = (): LogHead[] => {
      const { plan } = this.#process.context;
      const isLate = lags && plan.strikes('delay', `the index that ${this.#process.name} reads`, 0.5);
      return inner.headsBefore(isLate ? plan.size('delay', 1, maxLag) : 0);
    };
    return {
      append: (name, expected, message) => this.#write(line, () => inner.append(name, expected, message), 'append'),
      last: (name) => this.#read(() => inner.last(name)),
      read: (name, after) => this.#messages(inner, name, after),
      heads: (names) =>
        this.#read(async () => {
          const wanted = new Set(names);
          return lagged().filter(({ name }) => wanted.has(name));
        }),
      allHeads: (after = 0) => this.#each(async () => lagged().filter(({ sequence }) => sequence > after)),
      names: (prefix) =>
        this.#read(async () =>
          lagged()
            .map(({ name }) => name)
            .filter((name) => prefix === undefined || name.startsWith(`${prefix}/`)),
        ),
      lastSequence: () => this.#read(() => inner.lastSequence()),
      trim: (name, before) => this.#write(line, () => inner.trim(name, before), 'removal'),
      remove: (name) => this.#write(line, () => inner.remove(name), 'removal'),
    };
  }

  #presence(inner: Presence): Presence {
    const line = this.#line();
    const { clock } = this.#process;
    return {
      announce: (process) => this.#write(line, () => inner.announce(process), 'removal'),
      withdraw: (process) => this.#write(line, () => inner.withdraw(process), 'removal'),
      present: () => this.#read(() => inner.present()),
      answer: (process, onNudge) => {
        if (clock.dead) return { [Symbol.dispose]() {} };
        this.#answering.add(process);
        this.#freeze();
        const answer = inner.answer(process, (run) => clock.whenRunning(() => onNudge(run)));
        return {
          [Symbol.dispose]: () => {
            this.#answering.delete(process);
            answer[Symbol.dispose]();
          },
        };
      },
      ping: (process, timeout) => this.#read(() => inner.ping(process, timeout)),
      nudge: (process, run) => {
        if (clock.dead || this.#isPartitioned) return;
        if (!this.#process.context.plan.strikes('drop', `a nudge of ${this.#process.name}`)) inner.nudge(process, run);
      },
    };
  }

  #line(): RequestLine {
    const line = new RequestLine(this.#process.context.time);
    this.#lines.push(line);
    return line;
  }

  async *#each<T>(find: () => Promise<T[]>): AsyncGenerator<T> {
    yield* await this.#read(find);
  }

  /** What was there when it began, batch by batch: what is deleted meanwhile is not found any more. */
  async *#messages(inner: FencedLogs, name: string, after = 0): AsyncGenerator<StoredMessage> {
    const end = await this.#read(async () => (await inner.last(name))?.sequence ?? 0);
    for (let next = after; next < end;) {
      const batch = await this.#read(async () => {
        const found: StoredMessage[] = [];
        for await (const message of inner.read(name, next)) {
          if (message.sequence > end || found.length === batchSize) break;
          found.push(message);
        }
        return found;
      });
      yield* batch;
      next = batch.at(-1)?.sequence ?? end;
      if (batch.length < batchSize) return;
    }
  }

  /** A request that changes nothing: it takes some time to the store, and some time back. */
  #read<T>(ask: () => Promise<T>): Promise<T> {
    const { clock, context, name } = this.#process;
    if (clock.dead) return never();
    const { time, random, plan } = context;
    const takes = plan.strikes('delay', `an answer to ${name}`, 0.05)
      ? plan.size('delay', 1, 3_000)
      : random.between(0, 2);
    const there = random.between(0, takes);
    const answer = async () => {
      await this.#reached();
      if (there > 0) await sleep(time, there);
      const found = await ask();
      if (takes > there) await sleep(time, takes - there);
      await this.#reached();
      return found;
    };
    return clock.answer(answer());
  }

  /** A request that changes the store. */
  #write<T>(line: RequestLine, perform: () => Promise<T>, kind: 'append' | 'removal'): Promise<T> {
    const { clock, context, name } = this.#process;
    if (clock.dead) return never();
    const { time, random, plan, full } = context;
    const answer = async (): Promise<T> => {
      await this.#reached();
      const takes = plan.strikes('slow', name, 0.1) ? plan.size('slow', 100, 5_000) : random.between(1, 3);
      const fate = plan.strikes('unsure', name, 0.1)
        ? (['stored', 'lost', 'late'] as const)[plan.size('unsure', 0, 2)]
        : 'answered';
      const sent = time.now();
      const late = fate === 'late' ? requestTimeout + plan.size('unsure', 0, 20_000) : 0;
      return new Promise<T>((resolve, reject) => {
        const unanswered = () => {
          const wait = Math.max(1, sent + requestTimeout - time.now());
          time.wake(time.now() + wait, () => reject(new TroupeError('storage', `The store gave ${name} no answer.`)));
        };
        if (fate !== 'answered') unanswered();
        if (fate === 'lost') return;
        const arrive = () => {
          if (kind === 'append' && time.now() < full.until) return reject(noRoom());
          if (kind === 'append' && plan.strikes('duplicate', `an append of ${name}`))
            time.wake(time.now() + plan.size('duplicate', 0, 5_000), () => void perform());
          const isAnswered = fate === 'answered' && !this.#isPartitioned;
          perform().then(isAnswered ? resolve : () => {}, reject);
          if (fate === 'answered' && !isAnswered) unanswered();
        };
        // What is late has left the order of the others.
        if (late > 0) time.wake(time.now() + late, arrive);
        else line.send(takes, arrive);
      });
    };
    return clock.answer(answer());
  }

  /** Resolves when the process reaches the store; rejects after some time when it does not. */
  async #reached(): Promise<void> {
    if (!this.#isPartitioned) return;
    const { time, random } = this.#process.context;
    await sleep(time, random.between(1, 2_000));
    throw new TroupeError('storage', `${this.#process.name} does not reach the store.`);
  }
}

const noRoom = () => new TroupeError('storage', 'The store has no room.', { data: { reason: 'no space' } });
