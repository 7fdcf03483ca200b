/** One process's access to the shared journal: its writes are stored in order, may be slow, refused, unanswered, or torn off by a crash. */
import { TroupeError } from '../../values/failure.ts';
import type { Journal } from '../../journal/journal.ts';
import type { FaultContext, ProcessContext } from './faultContext.ts';
import type { MethodCall } from './intercept.ts';
import { answeredThrough } from './mortalProcess.ts';

/** The calls that write. All others only read. */
const writes: ReadonlySet<PropertyKey> = new Set([
  'commit',
  'commitAll',
  'record',
  'post',
  'dropMail',
  'bury',
  'claim',
  'renew',
  'renewAll',
  'release',
]);

/** One for each life of a process. */
export class FaultyJournal {
  readonly journal: Journal;
  readonly #name: string;
  readonly #context: FaultContext;
  /** Written by the process and not yet stored, oldest first. */
  readonly #queue: (() => void)[] = [];
  #partitionedUntil = 0;
  #flushing = false;

  constructor(inner: Journal, { name, clock, context }: ProcessContext) {
    this.#name = name;
    this.#context = context;
    this.journal = answeredThrough(clock, inner, (call) => this.#perform(call));
  }

  /** The process does not reach the journal until then; milliseconds of the world's time. */
  partition(until: number): void {
    this.#partitionedUntil = until;
  }

  /** The process crashes: of what it had written, a prefix is stored, and it never learns of it. */
  crash(): void {
    const kept = this.#context.plan.size('crash', 0, this.#queue.length);
    for (const write of this.#queue.splice(0).slice(0, kept)) write();
  }

  pause(): void {}

  resume(): void {}

  #perform(call: MethodCall): unknown {
    if (call.name === 'settle') return call.invoke();
    return writes.has(call.name) ? this.#write(call) : this.#read(call);
  }

  async #read({ invoke }: MethodCall): Promise<unknown> {
    this.#requireReach();
    return invoke();
  }

  #write({ name, invoke }: MethodCall): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#queue.push(() => {
        const write = async () => {
          this.#requireReach();
          this.#requireRoom();
          const answer = await invoke();
          if ((name === 'commit' || name === 'commitAll') && this.#context.plan.strikes('unsure', this.#name, 0.05))
            throw new TroupeError('storage', 'The journal gave no answer.');
          return answer;
        };
        write().then(resolve, reject);
      });
      this.#flush();
    });
  }

  /** What was written by now is stored together, in its order; what comes meanwhile waits for the next flush. */
  #flush(): void {
    if (this.#flushing || this.#queue.length === 0) return;
    this.#flushing = true;
    const { time, random, plan } = this.#context;
    const takes = plan.strikes('slow', this.#name, 0.1) ? plan.size('slow', 100, 5_000) : random.between(1, 3);
    time.wake(time.now() + takes, () => {
      this.#flushing = false;
      for (const write of this.#queue.splice(0)) write();
      this.#flush();
    });
  }

  #requireReach(): void {
    if (this.#context.time.now() < this.#partitionedUntil)
      throw new TroupeError('storage', `${this.#name} does not reach the journal.`);
  }

  #requireRoom(): void {
    if (this.#context.time.now() < this.#context.full.until) throw new TroupeError('storage', 'The disk has no room.');
  }
}
