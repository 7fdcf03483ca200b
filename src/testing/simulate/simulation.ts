/** One seed: processes, a disk, a network and people on one clock, until the run has ended or stands still for good. */
import { createHash } from 'node:crypto';
import type { Duration } from '../../contracts/duration.ts';
import type { Inspection } from '../../contracts/inspection.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { ActorRow, Journal } from '../../journal/journal.ts';
import type { ActorType } from '../../system/actorType.ts';
import type { Transport } from '../../transport/transport.ts';
import { memoryView } from '../../journal/memoryView.ts';
import { replicated } from '../../journal/replicated.ts';
import type { View } from '../../journal/view.ts';
import type { Ticket } from '../../tickets.ts';
import { virtualClock, type VirtualClock } from '../clock.ts';
import { FaultPlan, type Fault, type FaultKind } from './faults.ts';
import { People } from './people.ts';
import { Process, type World } from './process.ts';
import { randomOf, type Random } from './random.ts';
import { historyOf, type Shared } from './replica.ts';
import { SharedLog } from './sharedLog.ts';
import { verdict } from './verdict.ts';
import { Witness } from './witness.ts';

export type Signal = { readonly type: string } & JsonObject;

/** What is simulated, as the simulation needs it: compiled, and with its world. */
export interface Play {
  readonly versions: readonly ActorType[];
  readonly input: Json;
  readonly answer?: ((ticket: Ticket) => Json) | undefined;
  readonly script?: readonly { readonly after: Duration; readonly signal: Signal }[];
  readonly invariants?: Readonly<Record<string, (end: End) => string | undefined>>;
}

/** What an invariant is asked about. */
export interface End {
  readonly root: ActorRow | undefined;
  readonly rows: readonly ActorRow[];
  readonly disk: Journal;
  readonly faults: readonly Fault[];
}

export interface Result {
  readonly seed: number;
  /** What went wrong; empty when everything held. */
  readonly problems: readonly string[];
  readonly faults: readonly Fault[];
  readonly steps: number;
  readonly commits: number;
  /** Simulated milliseconds. */
  readonly lasted: number;
  /** Of everything that happened, in order: the same for the same seed. */
  readonly hash: string;
  /** The last things that happened, oldest first. */
  readonly trace: readonly string[];
  readonly end: string;
}

export interface SeedOptions {
  readonly seed: number;
  readonly faults: readonly FaultKind[];
  readonly without?: ReadonlySet<number>;
  /** Stops here and says what has happened so far. */
  readonly until?: number | undefined;
  /** Plants a defect into the journal: the oracles must see it. */
  readonly journal?: ((journal: Journal) => Journal) | undefined;
  readonly transport?: ((transport: Transport) => Transport) | undefined;
  /** The journal is a log that each process plays for itself; `true`, or a defect planted into what plays it. */
  readonly shared?: boolean | ((view: View) => View) | undefined;
}

const run = 'sim';
/** Faults stop after so many steps; then whatever is alive must come to its end. */
const disturbed = 400;
/** Steps without a commit before a run counts as stuck, whatever it may still wait for. */
const patience = 20_000;
/** Steps in all: one that still commits then goes on for ever. */
const most = 200_000;
/** How often it is asked whether anything can still happen. */
const glance = 100;
const remembered = 400;

/** Everything that can happen without the clock: only promises are under way, and they end within a turn. */
const turn = () => new Promise<void>((next) => setImmediate(next));

export async function simulateSeed(prepare: (sim: Simulation) => Play, options: SeedOptions): Promise<Result> {
  const simulation = new Simulation(options);
  return simulation.go(prepare(simulation));
}

export class Simulation {
  readonly time: VirtualClock;
  readonly random: Random;
  readonly plan: FaultPlan;
  readonly witness: Witness;
  readonly processes: World['processes'] = new Map();
  readonly #options: SeedOptions;
  readonly #hash = createHash('sha256');
  readonly #trace: string[] = [];
  readonly #start: number;
  #steps = 0;
  #play!: Play;
  #all: Process[] = [];
  #people!: People;
  #full = { until: 0 };
  readonly #shared: Shared | undefined;

  constructor(options: SeedOptions) {
    const { seed, faults, without = new Set() } = options;
    this.#options = options;
    this.time = virtualClock({ seed });
    this.#start = this.time.now();
    this.random = randomOf(seed);
    this.#shared = this.#share();
    this.witness = this.#shared ? this.#listener(this.#shared) : new Witness(options.journal);
    this.plan = new FaultPlan({
      seed,
      allowed: faults,
      without,
      now: () => this.#at,
      told: ({ number, kind, where }) => this.#note(`fault ${number}: ${kind}, ${where}`),
    });
  }

  get #at(): number {
    return this.time.now() - this.#start;
  }

  async go(play: Play): Promise<Result> {
    this.#play = play;
    const world: World = {
      time: this.time,
      random: this.random,
      plan: this.plan,
      full: this.#full,
      disk: this.witness.disk,
      shared: this.#shared,
      run,
      input: play.input,
      versions: play.versions,
      seeDead: this.random.chance(0.5),
      dead: new Set(),
      seen: (process, event) => this.#saw(process, event),
      processes: this.processes,
      carrier: this.#options.transport ?? ((transport) => transport),
    };
    this.#all = Array.from(
      { length: 2 + (this.random.chance(0.5) ? 1 : 0) },
      (_, i) => new Process(`p${i + 1}`, world),
    );
    for (const process of this.#all) this.#keepTaking(process);
    const { time, random } = this;
    this.#people = new People({ run, play, time, random, disk: this.witness.disk, processes: this.#all, turn });
    const ended = await this.#untilEnd();
    const problems = ended === 'stopped' ? [] : await this.#judge(ended === 'ended');
    for (const process of this.#all) process.host.abandon();
    return this.#result(problems, ended);
  }

  async #untilEnd(): Promise<'ended' | 'stuck' | 'stopped'> {
    for (let quiet = 0, [commits, since] = [0, 0]; this.#steps - since < patience && this.#steps < most;) {
      await turn();
      if (this.witness.commits > commits) [commits, since] = [this.witness.commits, this.#steps];
      if (this.#steps === this.#options.until) return 'stopped';
      const root = await this.#root();
      if (root && root.status !== 'active') {
        this.#heal();
        if ((await this.#atRest()) || ++quiet > patience / 10) return 'ended';
      } else if (this.#steps === disturbed) this.#heal();
      else if (this.#steps < disturbed) this.#disturb();
      else if (this.#steps % glance === 0 && (await this.#isDone())) return 'stuck';
      const due = this.time.next;
      if (due === undefined) return root && root.status !== 'active' ? 'ended' : 'stuck';
      this.time.advance(Math.max(0, due - this.time.now()));
      this.#steps++;
      if (this.#steps % 5 === 0) await this.#people.answer();
    }
    return 'stuck';
  }

  /** Its last messages have arrived, everybody knows that it is over, and whoever asked once more found nobody left behind. */
  async #atRest(): Promise<boolean> {
    if (this.#all.some(({ up, host }) => up && host.owns(run))) return false;
    const { disk } = this.witness;
    if ((await disk.undelivered(run)).length > 0) return false;
    return (await disk.find({ run, status: 'active', limit: 1 })).length === 0;
  }

  /** Can nothing happen any more? The owner has nothing to do and waits for no hour, and there are no people who answer. */
  async #isDone(): Promise<boolean> {
    const owner = this.#all.find(({ host }) => host.owns(run));
    if (!owner?.host.quiet(run) || owner.host.alarms.size > 0 || this.#play.answer) return false;
    return (await this.witness.disk.mail(run)).length === 0;
  }

  #disturb(): void {
    for (const process of this.#all) {
      const { name } = process;
      if (!process.up) continue;
      if (this.plan.strikes('crash', name, 0.03)) this.#crash(process);
      else if (this.plan.strikes('zombie', name, 0.01)) this.#stand(process);
      if (this.plan.strikes('partition', name, 0.01))
        process.cutOff(this.time.now() + this.plan.size('partition', 1, 30_000));
      if (this.plan.strikes('clock', name, 0.01)) process.gate.jump(this.plan.size('clock', -300_000, 300_000));
    }
    if (this.plan.strikes('full', 'the disk', 0.01))
      this.#full.until = this.time.now() + this.plan.size('full', 1, 30_000);
  }

  #crash(process: Process): void {
    process.die();
    this.#later(this.plan.size('crash', 1, 20_000), () => this.#revive(process));
  }

  #revive(process: Process): void {
    if (process.up) return;
    process.begin();
    this.#keepTaking(process);
  }

  #stand(process: Process): void {
    process.gate.stand();
    this.#later(this.plan.size('zombie', 100, 60_000), () => process.gate.goOn());
  }

  #heal(): void {
    this.plan.heal();
    this.#full.until = 0;
    for (const process of this.#all) {
      process.cutOff(0);
      process.gate.goOn();
      this.#revive(process);
    }
  }

  /** Somebody wants the result, and asks again and again in whatever process is up. */
  #keepTaking(process: Process): void {
    const { gate } = process;
    const take = () => {
      if (gate.dead) return;
      void process.take();
      this.#later(this.random.between(500, this.#steps > disturbed ? 60_000 : 5_000), take);
    };
    this.#later(this.random.between(0, 50), take);
  }

  async #judge(ended: boolean): Promise<string[]> {
    const { witness } = this;
    const { acknowledged } = this.#people;
    const { invariants } = this.#play;
    const [root, faults] = [await this.#root(), this.plan.hit];
    const problems = await verdict({ run, root, ended, steps: this.#steps, witness, faults, acknowledged, invariants });
    return [...problems, ...(await this.#divided())];
  }

  #share(): Shared | undefined {
    const { shared = false, journal: plant = (journal: Journal) => journal } = this.#options;
    if (shared === false) return undefined;
    const flawed = shared === true ? (view: View) => view : shared;
    return {
      log: new SharedLog(),
      every: this.random.pick([10, 30, 1_000]),
      // What a view is asked later, it is asked by its own name.
      plant: (view) => flawed(Object.assign(Object.create(view) as View, { journal: plant(view.journal) })),
    };
  }

  /** Hears every entry as soon as it is stored. */
  #listener({ log, every, plant }: Shared): Witness {
    const view = plant(memoryView());
    const witness = new Witness(undefined, view.journal);
    const heard = Object.assign(Object.create(view) as View, { journal: witness.disk });
    void replicated({ log: log.open(), view: heard, clock: this.time, every });
    return witness;
  }

  /** Whoever has played the whole log has come to the same journal. */
  async #divided(): Promise<string[]> {
    const last = this.#shared?.log.standing.last;
    const expected = await historyOf(this.witness.disk, run);
    const problems: string[] = [];
    for (const { name, replica } of this.#all) {
      const seen = await replica?.seen(run);
      if (seen && seen.position === last && seen.history !== expected)
        problems.push(`divided: ${name} has played the whole log, and come to another journal than the others`);
    }
    return problems;
  }

  #root(): Promise<ActorRow | undefined> {
    return this.witness.disk.find({ run, parent: null, limit: 1 }).then(([row]) => row);
  }

  #later(ms: number, call: () => void): void {
    this.time.wake(this.time.now() + ms, call);
  }

  #saw(process: string, event: Inspection): void {
    const { type, actor } = event;
    if (type === 'progress') return;
    const what =
      type === 'commit'
        ? `${event.seq} ${event.event.type} -> ${JSON.stringify(event.state)}${event.status === 'active' ? '' : ` (${event.status})`}`
        : 'key' in event
          ? `${event.name} ${event.key}`
          : 'failure' in event
            ? `${event.failure.kind}: ${event.failure.message}`
            : '';
    this.#note(`${process} ${type} ${actor} ${what}`);
  }

  #note(what: string): void {
    const line = `${(this.#at / 1_000).toFixed(3)}s #${this.#steps} ${what}`;
    this.#hash.update(line);
    this.#trace.push(line);
    if (this.#trace.length > 2 * remembered) this.#trace.splice(0, remembered);
  }

  async #result(problems: readonly string[], ended: string): Promise<Result> {
    const root = await this.#root();
    const { output } = ((root?.snapshot ?? {}) as { state?: { output?: Json } }).state ?? {};
    return {
      seed: this.#options.seed,
      problems,
      faults: this.plan.hit,
      steps: this.#steps,
      commits: this.witness.commits,
      lasted: this.#at,
      hash: this.#hash.digest('hex').slice(0, 16),
      trace: this.#trace,
      end: ended === 'ended' ? JSON.stringify({ status: root?.status, output: output ?? null }) : ended,
    };
  }
}
