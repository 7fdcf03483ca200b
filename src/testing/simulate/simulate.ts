/** Runs a subject under many seeds: the real engine, on simulated time, disk and network, with everything going wrong that can. */
import type { ModelDoor } from '../../../actors/tools.ts';
import { sleep, type Clock } from '../../contracts/clock.ts';
import type { EffectKind } from '../../contracts/effect.ts';
import { TroupeError } from '../../contracts/failure.ts';
import type { Json } from '../../contracts/json.ts';
import { breaker } from '../../../actors/gateway.ts';
import { gateway } from '../../gateway/gateway.ts';
import type { Journal } from '../../journal/journal.ts';
import type { View } from '../../journal/view.ts';
import { compile } from '../../compile.ts';
import { inputOf, type Subject } from '../../subject.ts';
import type { ActorType } from '../../system/actorType.ts';
import type { Transport } from '../../transport/transport.ts';
import { optionFor, withEffects } from '../effects.ts';
import { everyFault, type Fault, type FaultKind } from './faults.ts';
import { minimised } from './minimise.ts';
import { simulateSeed, type Play, type Result, type Simulation } from './simulation.ts';

export interface Scenario extends Omit<Play, 'versions' | 'input'> {
  readonly subject: Subject;
  readonly input: unknown;
  /** The next version of the definition, which some processes come back with. */
  readonly next?: Subject;
}

export interface SimulateOptions {
  /** The first seed; 1 unless told otherwise. */
  readonly seed?: number;
  /** How many, one after the other; 100 unless told otherwise. */
  readonly seeds?: number;
  /** What may go wrong; everything unless told otherwise. Under each seed a part of it does. */
  readonly faults?: readonly FaultKind[];
  /** Seeds that failed once, and are run first for ever. */
  readonly regressions?: readonly number[];
  /** Stops the first seed after so many steps: to look at the trace of a failure. */
  readonly until?: number;
  /** False: a failure is told with all the faults that struck, which is quicker. */
  readonly shrink?: boolean;
  /** How a failure is had again, for its message. */
  readonly name?: string;
  /** Called after each seed. */
  readonly progress?: (result: Result) => void;
  /** Plants a defect into the journal, to see that it is found. */
  readonly journal?: (journal: Journal) => Journal;
  /** Each process plays a shared log into a journal of its own, as over JetStream; the faults of the disk are then those of the log. */
  readonly shared?: boolean | ((view: View) => View);
  /** The same for each process's transport. */
  readonly transport?: (transport: Transport) => Transport;
}

export interface SimulationFailure {
  readonly seed: number;
  readonly problems: readonly string[];
  /** The few faults that are enough for it; of the first failures only, the others have all that struck. */
  readonly faults: readonly Fault[];
  readonly trace: readonly string[];
  /** The command that has it again. */
  readonly again: string;
}

export interface SimulationReport {
  readonly seeds: number;
  readonly steps: number;
  readonly commits: number;
  /** Simulated milliseconds, of all seeds together. */
  readonly lasted: number;
  /** How often each kind of fault struck. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  readonly failures: readonly SimulationFailure[];
  /** The results of the seeds, for whoever compares them. */
  readonly results: readonly Result[];
}

/** Failures that are made smaller: who has seen three mends those first. */
const shown = 3;

/**
 * @param scenario makes the subject and its world anew for each seed; its models and tools must be scripted, and not depend on how often they are asked.
 * @example const { failures } = await simulate(() => ({ subject: desk(), input: { topic: 'tea' } }), { seeds: 500 }); expect(failures).toEqual([]);
 */
export async function simulate(scenario: () => Scenario, options: SimulateOptions = {}): Promise<SimulationReport> {
  const {
    seed: first = 1,
    seeds: count = 100,
    regressions = [],
    faults = everyFault,
    name = 'FILE',
    progress,
  } = options;
  requireCounts({ first, count });
  requireKnown(faults);
  const seeds = [...regressions, ...Array.from({ length: count }, (_, i) => first + i)];
  const results: Result[] = [];
  const failures: SimulationFailure[] = [];
  const theatre = new Theatre();
  const play = (
    seed: number,
    { without, kinds = faults }: { without?: ReadonlySet<number>; kinds?: readonly FaultKind[] } = {},
  ) =>
    simulateSeed((simulation) => theatre.play(simulation, scenario()), {
      seed,
      faults: kinds,
      until: options.until,
      journal: options.journal,
      transport: options.transport,
      shared: options.shared,
      ...(without ? { without } : {}),
    });
  for (const seed of seeds) {
    const result = await play(seed);
    progress?.(result);
    results.push(result);
    if (result.problems.length === 0) continue;
    const isShown = options.shrink !== false && failures.length < shown;
    const smallest = isShown ? await minimised(result, (fewer) => play(seed, fewer)) : result;
    failures.push({
      seed,
      problems: smallest.problems,
      faults: smallest.faults,
      trace: smallest.trace,
      again: `troupe simulate ${name} --seed ${seed} --until ${smallest.steps}`,
    });
  }
  const sum = (of: (result: Result) => number) => results.reduce((total, result) => total + of(result), 0);
  const struck: Partial<Record<FaultKind, number>> = {};
  for (const { kind } of results.flatMap((result) => result.faults)) struck[kind] = (struck[kind] ?? 0) + 1;
  return {
    seeds: seeds.length,
    steps: sum(({ steps }) => steps),
    commits: sum(({ commits }) => commits),
    lasted: sum(({ lasted }) => lasted),
    faults: struck,
    failures,
    results,
  };
}

function requireCounts(counts: Record<string, number>): void {
  for (const [name, value] of Object.entries(counts))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new TroupeError(
        'definition',
        `The ${name === 'first' ? 'seed' : 'number of seeds'} is a whole number from 1; got ${value}.`,
      );
}

function requireKnown(faults: readonly string[]): void {
  const unknown = faults.find((name) => !(everyFault as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new TroupeError('definition', `There is no fault "${unknown}"; there are ${everyFault.join(', ')}.`);
}

/** A subject is compiled once, however many seeds it is run under: what belongs to a seed is looked up when it is needed. */
class Theatre {
  #now!: { readonly simulation: Simulation; readonly models: ModelDoor };
  readonly #types = new WeakMap<Subject, ActorType>();
  readonly #compiled: (subject: Subject) => ActorType;

  constructor() {
    const time = () => this.#now.simulation.time;
    const clock: Clock = {
      now: () => time().now(),
      random: () => time().random(),
      id: () => time().id(),
      wake: (at, call) => time().wake(at, call),
    };
    const models: ModelDoor = { answer: (...asked) => this.#now.models.answer(...asked) };
    this.#compiled = compile({ gateway: models, clock, opened: [] });
  }

  play(simulation: Simulation, { subject, next, input, ...rest }: Scenario): Play {
    this.#now = {
      simulation,
      models: gateway({ breaker: () => breaker(), clock: simulation.time, env: {} }),
    };
    return {
      ...rest,
      input: inputOf(subject, input) as Json,
      versions: [subject, ...(next ? [next] : [])].map((version) => this.#typeOf(version)),
    };
  }

  #typeOf(subject: Subject): ActorType {
    const known = this.#types.get(subject);
    if (known) return known;
    const type = this.#disturbed(this.#compiled(subject));
    this.#types.set(subject, type);
    return type;
  }

  /** Its effects are seen by the witness, and go wrong as the plan says. */
  #disturbed(type: ActorType): ActorType {
    return withEffects(type, (name, performer) => async (input, scope) => {
      const { plan, random, witness, processes } = this.#now.simulation;
      const { clock, key, signal } = scope;
      const where = `"${name}" under ${key}`;
      witness.begins(name, performer, input, key, clock);
      const takes = plan.strikes('late', where, 0.1) ? plan.size('late', 1_000, 60_000) : random.between(1, 500);
      // The world is reached somewhere in between: what comes after may find it done and nobody told.
      const before = random.between(0, takes);
      await sleep(clock, before, signal);
      // What only computes has nothing that could fail.
      const isAsking = optionFor<EffectKind>(performer.options.kind, input, 'read') !== 'pure';
      if (isAsking && plan.strikes('failing', where))
        throw new TroupeError('transient', 'Nothing was done; it may pass.');
      const done = performer.perform(input, scope);
      const answer = await (processes.get(clock)?.gate.answer(done) ?? done);
      await sleep(clock, takes - before, signal);
      if (isAsking && plan.strikes('lost', where, 0.1))
        throw new TroupeError('transient', 'The connection broke before the answer.');
      return answer;
    });
  }
}
