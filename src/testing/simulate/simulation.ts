/** One seed: processes, a journal, a transport and people on one clock, until the run has ended or is stuck. */
import type { ActorRow } from '../../journal/journal.ts';
import { storedState } from '../world/storedState.ts';
import { checkRun, type SimulationEnd } from './checkRun.ts';
import { FaultInjector } from './faultInjector.ts';
import { ScriptedPeople } from './scriptedPeople.ts';
import { noRests } from './restCounts.ts';
import type { SeedOptions, SeedResult } from './seed.ts';
import type { CompiledScenario } from './simulationScenario.ts';
import { SeedWorld } from './seedWorld.ts';
import { divergences } from './sharedJournal.ts';
import { SimulatedProcess } from './simulatedProcess.ts';
import type { SimulationContext } from './simulationContext.ts';

const run = 'sim';
/** Faults stop after so many steps; then every actor must come to its end. */
const faultSteps = 400;
/** Steps without a commit after which a run counts as stuck. */
const maxIdleSteps = 20_000;
/** Steps in all; a run that still commits after them would never end. */
const maxSteps = 200_000;
/** Steps from one look whether anything can still happen to the next. */
const checkInterval = 100;
/** Steps from one answer of the people to the next. */
const answerInterval = 5;

/** Everything that can happen without the clock: only promises are under way, and they end within a turn. */
const turn = () => new Promise<void>((next) => setImmediate(next));

/** Runs one seed. `prepare` compiles the scenario for it; rejects with what it throws. */
export async function simulateSeed(
  prepare: (world: SeedWorld) => CompiledScenario,
  options: SeedOptions,
): Promise<SeedResult> {
  const world = new SeedWorld(options);
  return new Simulation(world, prepare(world)).result();
}

/** The loop: everything happens that can without the clock, faults strike, then the clock moves on to the next timer. */
class Simulation {
  readonly #world: SeedWorld;
  readonly #scenario: CompiledScenario;
  readonly #processes: readonly SimulatedProcess[];
  readonly #injector: FaultInjector;
  readonly #people: ScriptedPeople;
  #rests = noRests();
  /** What watchers of the run were not told. */
  readonly #untold = new Set<string>();

  constructor(world: SeedWorld, scenario: CompiledScenario) {
    const { time, random, plan, shared, recorder, trace, options } = world;
    const { journal } = recorder;
    const context: SimulationContext = {
      time,
      random,
      plan,
      full: { until: 0 },
      journal,
      shared,
      atRest: options.atRest === true,
      counted: (what) => void (this.#rests = { ...this.#rests, [what]: this.#rests[what] + 1 }),
      run,
      input: scenario.input,
      versions: scenario.versions,
      seesDead: random.chance(0.5),
      dead: new Set(),
      isDisturbed: () => world.steps <= faultSteps,
      inspected: (process, event) => trace.inspected(process, event),
      transport: options.transport ?? ((transport) => transport),
    };
    const names = random.chance(0.5) ? ['p1', 'p2', 'p3'] : ['p1', 'p2'];
    const processes = names.map((name) => new SimulatedProcess(name, context));
    for (const process of processes) process.keepStarting();
    this.#world = world;
    this.#scenario = scenario;
    this.#processes = processes;
    this.#injector = new FaultInjector(context, processes);
    this.#people = new ScriptedPeople({ run, conditions: scenario, time, random, journal, processes, turn });
  }

  async result(): Promise<SeedResult> {
    const { options, plan, recorder, trace } = this.#world;
    const end = await this.#untilEnd();
    const problems = await this.#check(end);
    for (const { current } of this.#processes) current.host.abandon();
    const root = await this.#root();
    const output = (root && storedState(root).output) ?? null;
    return {
      seed: options.seed,
      problems,
      faults: plan.struck,
      steps: this.#world.steps,
      commits: recorder.commits,
      lasted: this.#world.at,
      rests: this.#rests,
      hash: trace.digest(),
      trace: trace.lines,
      end: end === 'ended' ? JSON.stringify({ status: root?.status, output }) : end,
    };
  }

  async #untilEnd(): Promise<SimulationEnd> {
    const world = this.#world;
    const { time, recorder, options } = world;
    for (let quiet = 0, [commits, since] = [0, 0]; world.steps - since < maxIdleSteps && world.steps < maxSteps;) {
      await turn();
      for (const process of this.#processes) {
        const untold = process.untold();
        if (untold !== undefined) this.#untold.add(`${process.name}: ${untold}`);
      }
      if (recorder.commits > commits) [commits, since] = [recorder.commits, world.steps];
      const root = await this.#root();
      const isOver = root !== undefined && root.status !== 'active';
      if (isOver) {
        this.#injector.end();
        if ((await this.#isSettled()) || ++quiet > maxIdleSteps / 10) return 'ended';
      } else if (world.steps === faultSteps) this.#injector.end();
      else if (world.steps < faultSteps) this.#injector.disturb();
      else if (world.steps % checkInterval === 0 && (await this.#isStuck())) return 'stuck';
      const due = time.next;
      if (due === undefined) return isOver ? 'ended' : 'stuck';
      // Here, and not before: a step at which the run is over is judged as without `until`.
      if (world.steps === options.until) return 'stopped';
      time.advance(Math.max(0, due - time.now()));
      world.steps++;
      if (world.steps % answerInterval === 0) await this.#people.answer();
    }
    return 'stuck';
  }

  /** The last messages have arrived, every process knows that the run is over, and no actor was left behind. */
  async #isSettled(): Promise<boolean> {
    if (this.#processes.some(({ current }) => !current.dead && current.host.owns(run))) return false;
    const { journal } = this.#world.recorder;
    if ((await journal.undelivered(run)).length > 0) return false;
    return (await journal.find({ run, status: 'active', limit: 1 })).length === 0;
  }

  /** Nothing can happen any more: the owner has nothing to do and no timer is set, and there are no people who answer. */
  async #isStuck(): Promise<boolean> {
    const owner = this.#processes.find(({ current }) => current.host.owns(run))?.current.host;
    // Its timers are those of a run that is not loaded.
    const isLoaded = owner !== undefined && (this.#world.options.atRest !== true || owner.actorCount > 0);
    if (!isLoaded || !owner.isIdle(run) || owner.timers.size > 0 || this.#scenario.answer) return false;
    return (await this.#world.recorder.journal.mail(run)).length === 0;
  }

  async #check(end: SimulationEnd): Promise<string[]> {
    const { recorder, plan, shared, steps } = this.#world;
    const { acknowledged } = this.#people;
    const { invariants = {} } = this.#scenario;
    const root = await this.#root();
    const faults = plan.struck;
    const divided = shared && end !== 'stopped' ? await divergences(shared, run, recorder, this.#world.time) : [];
    return checkRun({
      run,
      root,
      end,
      steps,
      recorder,
      faults,
      acknowledged,
      invariants,
      divided,
      untold: [...this.#untold],
    });
  }

  #root(): Promise<ActorRow | undefined> {
    return this.#world.recorder.journal.find({ run, parent: null, limit: 1 }).then(([row]) => row);
  }
}
