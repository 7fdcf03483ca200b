/** One process of a simulation, which may be paused, crash and come back: each life has a clock, a journal access and an engine of its own. */
import { inProcess } from '../../transport/inProcess.ts';
import type { ListedRun } from '../../engine/restingRuns.ts';
import { FaultClock } from '../world/faultClock.ts';
import { FaultyJournal } from '../world/faultyJournal.ts';
import { faultyTransport } from '../world/faultyTransport.ts';
import { MortalProcess } from '../world/mortalProcess.ts';
import { SharedAccess } from '../world/sharedAccess.ts';
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
    const { process, watcher } = this.#life;
    return process.dead || process.clock.paused ? undefined : watcher.check();
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
    const { time, random, isDisturbed } = this.#context;
    const later = (ms: number) => void time.wake(time.now() + ms, start);
    const start = () => {
      if (clock.dead) return;
      void this.#start();
      later(random.between(500, isDisturbed() ? 5_000 : 60_000));
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
    return { process, access, watcher: new RestWatcher(process.host, context.run) };
  }

  async #start(): Promise<void> {
    const { run, input, versions, atRest } = this.#context;
    const { host, clock } = this.current;
    if (clock.dead || clock.paused || host.owns(run)) return;
    const version = versions.at(this.#version) ?? versions[0];
    const start = () => host.start(version, { run, input });
    const listed = atRest ? await this.#listedAtRest() : undefined;
    const taken = listed ? host.rest(run, listed, { wake: start, lost() {} }) : start();
    await taken.catch(() => {}); // Another process has the run, or the journal is not reached.
  }

  /** The run, where it waits, its time has not come, and nobody has it. */
  async #listedAtRest(): Promise<ListedRun | undefined> {
    const { journal, clock } = this.current.host;
    const free = await journal.claims({ expiredAt: clock.now() }).catch(() => []);
    const { epoch = 0, rest } = free.find(({ run }) => run === this.#context.run) ?? {};
    return rest && (rest.due ?? Infinity) > clock.now() ? { epoch, ...rest } : undefined;
  }
}
