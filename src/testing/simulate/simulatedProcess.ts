/** One process of a simulation, which may be paused, crash and come back: each life has a clock, a journal access and an engine of its own. */
import type { Host } from '../../engine/host.ts';
import { inProcess } from '../../transport/inProcess.ts';
import { FaultClock } from '../world/faultClock.ts';
import { FaultyJournal } from '../world/faultyJournal.ts';
import { faultyTransport } from '../world/faultyTransport.ts';
import { MortalProcess } from '../world/mortalProcess.ts';
import { SharedAccess } from '../world/sharedAccess.ts';
import { RestingRun } from './restingRun.ts';
import { RestWatcher } from './restWatcher.ts';
import type { SimulationContext } from './simulationContext.ts';

/** How long a lease lasts: a process that died may hold its run that long; milliseconds. */
const leaseTtl = 20_000;
/** How often messages left by other processes are looked for; milliseconds. */
const pollInterval = 5_000;

/** From one start to the next crash. */
interface Life {
  readonly process: MortalProcess;
  readonly access: FaultyJournal | SharedAccess;
  readonly watcher: RestWatcher;
  readonly resting: RestingRun;
}

/** Its first life begins when it is made; `keepStarting` makes it work. */
export class SimulatedProcess {
  readonly name: string;
  readonly #context: SimulationContext;
  #lives = 0;
  #version = 0;
  #life: Life;

  constructor(name: string, context: SimulationContext) {
    this.name = name;
    this.#context = context;
    this.#life = this.#begin();
  }

  /** The process as it is now. */
  get current(): MortalProcess {
    return this.#life.process;
  }

  /** What the watchers of the run were not told, in words; undefined when they know everything. */
  untold(): string | undefined {
    const { process, watcher, resting } = this.#life;
    return process.dead || process.clock.paused ? undefined : (watcher.check() ?? resting.check());
  }

  restart(): void {
    this.#life = this.#begin();
  }

  crash(): void {
    const { access, process } = this.#life;
    this.#context.dead.add(this.#owner);
    access.crash();
    process.kill();
  }

  /** It stands still: the others get no answer of it. */
  pause(): void {
    const { access, process } = this.#life;
    process.clock.pause();
    access.pause();
  }

  resume(): void {
    const { access, process } = this.#life;
    access.resume();
    process.clock.resume();
  }

  /** The process does not reach the journal until then; milliseconds of the world's time. */
  partition(until: number): void {
    this.#life.access.partition(until);
  }

  /** Starts or resumes the run again and again as long as this life lasts, as a client that wants the result does. */
  keepStarting(): void {
    const { clock } = this.current;
    const { time, random, isDisturbed, atRest } = this.#context;
    const later = (ms: number) => void time.wake(time.now() + ms, start);
    const start = () => {
      if (clock.dead) return;
      void this.#take();
      later(random.between(500, isDisturbed() ? 5_000 : atRest ? 20_000 : 60_000));
    };
    later(random.between(0, 50));
  }

  get #owner(): string {
    return `${this.name}#${this.#lives}`;
  }

  #begin(): Life {
    const context = this.#context;
    const { time, plan, journal, shared, versions, transport, seesDead, dead, inspected } = context;
    const { name } = this;
    this.#lives++;
    if (plan.strikes('upgrade', name, 0.5)) this.#version = versions.length - 1;
    const clock = new FaultClock(time);
    const itself = { name, clock, context };
    const access = shared ? new SharedAccess(shared, itself) : new FaultyJournal(journal, itself);
    const process = new MortalProcess({
      clock,
      parts: { journal: access.journal, transport: faultyTransport(transport(inProcess()), clock, plan) },
      lease: { owner: this.#owner, ttl: leaseTtl, alive: (owner) => !(seesDead && dead.has(owner)) },
      observe: (event) => inspected(name, event),
      poll: pollInterval,
    });
    const { host } = process;
    const resting = new RestingRun(host, context, () => this.#start(host));
    return { process, access, watcher: new RestWatcher(host, context.run), resting };
  }

  async #take(): Promise<void> {
    const { run, atRest } = this.#context;
    const { process, resting } = this.#life;
    const { host, clock } = process;
    if (clock.dead || clock.paused) return;
    if (host.owns(run)) return atRest ? resting.maybeGiveBack() : undefined;
    // Another process has the run, or the journal is not reached.
    await (async () => (atRest && (await resting.take())) || resting.load())().catch(() => {});
  }

  #start(host: Host): Promise<unknown> {
    const { run, input, versions } = this.#context;
    return host.start(versions.at(this.#version) ?? versions[0], { run, input });
  }
}
