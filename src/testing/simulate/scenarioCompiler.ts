/** Compiles scenarios, so that their effects are recorded and go wrong as the fault plan of the running seed says. */
import type { KeyedCall } from '../../contracts/keyedCall.ts';
import { breaker } from '../../../actors/gateway.ts';
import type { ModelGateway } from '../../../actors/tools.ts';
import { compile } from '../../runtime/compile/compile.ts';
import { sleep, type Clock } from '../../values/clock.ts';
import { TroupeError } from '../../values/failure.ts';
import { gateway } from '../../gateway/gateway.ts';
import { runInput, type Runnable } from '../../define/runnable.ts';
import type { ActorType } from '../../core/actorType.ts';
import { wrapEffects, type Performer } from '../effects.ts';
import { attemptOf } from '../world/effectAttempt.ts';
import { FaultClock } from '../world/faultClock.ts';
import type { CompiledScenario, SimulationScenario } from './simulationScenario.ts';
import type { SeedWorld } from './seedWorld.ts';

interface RunningSeed {
  readonly world: SeedWorld;
  readonly models: ModelGateway;
}

/** A subject is compiled once, however many seeds it is run under: what belongs to a seed is looked up when it is needed. */
export class ScenarioCompiler {
  #running: RunningSeed | undefined;
  readonly #types = new WeakMap<Runnable, ActorType>();
  readonly #compiled: (subject: Runnable) => ActorType;

  constructor() {
    const time = () => this.#now().world.time;
    const clock: Clock = {
      now: () => time().now(),
      random: () => time().random(),
      id: () => time().id(),
      wake: (at, call) => time().wake(at, call),
    };
    const models: ModelGateway = { answer: (...asked) => this.#now().models.answer(...asked) };
    this.#compiled = compile({ gateway: models, clock, opened: [] });
  }

  /** The scenario under this seed, which is the running one from now on. */
  compile(world: SeedWorld, { subject, next, input, ...conditions }: SimulationScenario): CompiledScenario {
    this.#running = { world, models: gateway({ breaker: () => breaker(), clock: world.time, env: {} }) };
    return {
      ...conditions,
      input: runInput(subject, input),
      versions: [this.#typeOf(subject), ...(next ? [this.#typeOf(next)] : [])],
    };
  }

  #now(): RunningSeed {
    if (this.#running) return this.#running;
    throw new TroupeError('internal', 'No seed is running.');
  }

  #typeOf(subject: Runnable): ActorType {
    const known = this.#types.get(subject);
    if (known) return known;
    const type = wrapEffects(this.#compiled(subject), (name, performer) => this.#disturbed(name, performer));
    this.#types.set(subject, type);
    return type;
  }

  /** An effect that is recorded, takes simulated time, and may fail before or after it was performed. */
  #disturbed(name: string, performer: Performer): Performer['perform'] {
    return async (input, scope) => {
      const { plan, random, recorder } = this.#now().world;
      const { clock, key, signal } = scope;
      const where = `"${name}" under ${key}`;
      const attempt = attemptOf(name, performer, input, scope);
      recorder.attempted(attempt, clock);
      const takes = plan.strikes('late', where, 0.1) ? plan.size('late', 1_000, 60_000) : random.between(1, 500);
      // The effect is performed somewhere in between: a process that dies later finds it done and was never told.
      const before = random.between(0, takes);
      await sleep(clock, before, signal);
      // What only computes has nothing that could fail.
      const mayFail = attempt.kind !== 'pure';
      if (mayFail && plan.strikes('failing', where))
        throw new TroupeError('transient', 'Nothing was done; it may pass.');
      const onCall = (call: KeyedCall) => recorder.toolCalled(scope.actor, call);
      const performed = performer.perform(input, { ...scope, onCall });
      const answer = await (clock instanceof FaultClock ? clock.answer(performed) : performed);
      await sleep(clock, takes - before, signal);
      if (mayFail && plan.strikes('lost', where, 0.1))
        throw new TroupeError('transient', 'The connection broke before the answer.');
      return answer;
    };
  }
}
