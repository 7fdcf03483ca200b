/** The run while it waits at one life of a process: it is taken over without being loaded, woken, sometimes in vain, and given back, also while it is woken. */
import type { Host } from '../../engine/host.ts';
import { TroupeError } from '../../values/failure.ts';
import type { ListedRun, RestingHandle } from '../../engine/restingRuns.ts';
import type { RestCounts } from './restCounts.ts';
import type { SimulationContext } from './simulationContext.ts';

/** Of the cases in which nothing of the run is under way, so many are the moment in which a node gives it back. */
const shareGivenBack = 0.3;
/** So many wakes find that the run cannot be loaded here. */
const shareFailed = 0.15;

/** One for each life. */
export class RestingRun {
  readonly #host: Host;
  readonly #context: SimulationContext;
  /** Starts the run, or loads it. */
  readonly #start: () => Promise<unknown>;
  #handle: RestingHandle | undefined;
  /** Why the run is not here any more, where nobody has begun to take it since. */
  #gone: string | undefined;
  /** How often it was begun to take the run. */
  #takes = 0;

  constructor(host: Host, context: SimulationContext, start: () => Promise<unknown>) {
    this.#host = host;
    this.#context = context;
    this.#start = start;
  }

  /** What is wrong; undefined when nothing is. */
  check(): string | undefined {
    if (this.#gone === undefined || !this.#host.owns(this.#context.run)) return undefined;
    return `the process still has the run, although ${this.#gone}`;
  }

  /** Starts the run, or loads it. */
  load(): Promise<unknown> {
    this.#begin();
    return this.#start();
  }

  /** Takes the run over where it waits, its time has not come, and nobody has it; false when it does not. Rejects as `Host.rest` does. */
  async take(): Promise<boolean> {
    const listed = await this.#listed();
    if (!listed) return false;
    const keeper = { wake: () => this.#wake(), lost() {} };
    this.#begin();
    this.#handle = await this.#host.rest(this.#context.run, listed, keeper);
    this.#count('taken');
    return true;
  }

  /** Gives it back from time to time, as a node does whose runs are moved, when nothing of it is under way. */
  maybeGiveBack(): void {
    const { run, random } = this.#context;
    if (!this.#host.isIdle(run) || !random.chance(shareGivenBack)) return;
    // It waits for something of which nobody knows when it comes: it may come in this moment.
    if (this.#handle && this.#host.actorCount === 0 && random.chance(0.5)) {
      this.#count('releasedWhileWaking');
      void this.#handle.wake();
    }
    const takes = this.#takes;
    const parked = () => this.#end(takes, 'it was given back');
    // Where the journal is not reached it is given back later.
    void this.#host.park(run).then(parked, parked);
  }

  async #wake(): Promise<unknown> {
    this.#count('woken');
    const takes = this.#begin();
    try {
      if (this.#context.random.chance(shareFailed))
        throw new TroupeError('incompatible', 'The process cannot load the run now.');
      return await this.#start();
    } catch (thrown) {
      this.#count('failedWakes');
      this.#end(takes, 'it could not be loaded');
      throw thrown;
    }
  }

  #begin(): number {
    this.#gone = undefined;
    return ++this.#takes;
  }

  /** It is gone, unless it was begun to take it meanwhile. */
  #end(takes: number, why: string): void {
    if (this.#takes === takes) this.#gone = why;
  }

  async #listed(): Promise<ListedRun | undefined> {
    const { journal, clock } = this.#host;
    const free = await journal.claims({ expiredAt: clock.now() }).catch(() => []);
    const { epoch = 0, rest } = free.find(({ run }) => run === this.#context.run) ?? {};
    return rest && (rest.due ?? Infinity) > clock.now() ? { epoch, ...rest } : undefined;
  }

  #count(what: keyof RestCounts): void {
    this.#context.counted(what);
  }
}
