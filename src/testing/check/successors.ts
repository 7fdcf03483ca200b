/** Everything that can happen next in a world, as moves. */
import { toFailure, TroupeError } from '../../values/failure.ts';
import type { Envelope } from '../../contracts/envelope.ts';
import type { PendingEffect, PendingTimer } from '../../contracts/pending.ts';
import type { MachineEvent } from '../../core/chart.ts';
import { fromEffect, fromTimer } from '../../core/incoming.ts';
import { signalEnvelope } from '../../core/systemMessages.ts';
import { isBlindWrite, isPure, PureEffects } from './effects.ts';
import { present } from '../present.ts';
import { machineEventOf, afterFault, withoutStep, type ModelTransition } from './transition.ts';
import { isTicket, clientTransitions, personTransitions } from './external.ts';
import type { PossibleOutcome, CheckModel } from './model.ts';
import { deliverMessage, deliverOwn, type StepResult } from './worldStep.ts';
import { senderTypeOf, messageWords, timerWords } from './format.ts';
import { deliverable, checkedRun, type ModelActor, type ModelWorld } from './world.ts';

/** Lists the moves of a model. */
export class Successors {
  readonly #model: CheckModel;
  readonly #pure = new PureEffects();

  constructor(model: CheckModel) {
    this.#model = model;
  }

  /** Every move that is possible in this world; none once the run has ended. Rejects with `definition` for what cannot be explored. */
  async from(world: ModelWorld): Promise<ModelTransition[]> {
    if (world.ended) return [];
    const moves: ModelTransition[] = [];
    for (const actor of world.actors.values()) {
      for (const pending of actor.pendings.values()) {
        if (pending.kind === 'timer') moves.push(...this.#timer(world, actor, pending));
        if (pending.kind === 'effect') moves.push(...(await this.#effect(world, actor, pending)));
      }
      if (isTicket(actor)) moves.push(...personTransitions(this.#model, world, actor));
    }
    for (const envelope of deliverable(world)) moves.push(this.#mail(world, envelope));
    return [...moves, ...clientTransitions(this.#model, world), ...this.#crash(world)];
  }

  /** A timer may be due at any moment: durations are not part of the model. */
  #timer(world: ModelWorld, actor: ModelActor, timer: PendingTimer): ModelTransition[] {
    if (this.#model.isDefaultTimer(actor, timer)) return [];
    const { event, to } = timer.data;
    const label = this.#model.label(actor);
    const common = { cause: 'inside', from: label, to: label } as const;
    if (to !== undefined && to !== actor.spawnInfo.address) {
      const says = `time is up: sends ${event.type}`;
      return [{ ...common, says, turn: withoutStep(forwarded(world, actor, timer, to, event)) }];
    }
    const expires = isTicket(actor) ? ({ expires: true } as const) : {};
    const says = isTicket(actor) ? 'nobody answers in time' : `time is up: ${timerWords(event.type)}`;
    const turn = deliverOwn(world, actor.spawnInfo.address, fromTimer(timer, actor.spawnInfo.address));
    return [{ ...common, ...expires, says, ...rootEvent(world, actor, event), turn }];
  }

  async #effect(world: ModelWorld, actor: ModelActor, effect: PendingEffect): Promise<ModelTransition[]> {
    if (world.lostOutcomes.has(effect.key)) return [];
    const { src } = effect.data;
    const label = this.#model.label(actor);
    const from = this.#model.performer?.(actor) ?? src;
    const moves = (await this.#possible(world, actor, effect)).map(
      ({ outcome, says, guessed, to = label }): ModelTransition => {
        const delivery = fromEffect(effect, outcome, true);
        const turn = deliverOwn(world, actor.spawnInfo.address, delivery);
        if (guessed) requireSensible(src, turn);
        return { cause: 'inside', from, to, says, ...rootEvent(world, actor, delivery.event), turn };
      },
    );
    if (world.faultsLeft.drop === 0 || isPure(actor, effect)) return moves;
    const lost: ModelWorld = {
      ...afterFault(world, 'drop'),
      lostOutcomes: new Set([...world.lostOutcomes, effect.key]),
    };
    return [
      ...moves,
      { cause: 'drop', from, to: label, says: `the answer of ${from} is lost`, turn: withoutStep(lost) },
    ];
  }

  async #possible(world: ModelWorld, actor: ModelActor, effect: PendingEffect): Promise<readonly PossibleOutcome[]> {
    if (isPure(actor, effect)) {
      const outcome = await this.#pure.ask(actor, effect);
      return [{ outcome, ...this.#model.tell(actor, effect, outcome) }];
    }
    if (!world.uncertain.has(effect.key)) return this.#model.outcomes(actor, effect);
    const { src } = effect.data;
    const failure = toFailure(new TroupeError('uncertain', `"${src}" may have happened before the process stopped.`));
    return [{ outcome: { ok: false, failure }, says: `${src} may or may not have happened` }];
  }

  #mail(world: ModelWorld, envelope: Envelope): ModelTransition {
    const sender = world.actors.get(envelope.from);
    const receiver = present(world.actors.get(envelope.to), `The recipient ${envelope.to}`);
    return {
      cause: 'inside',
      from: sender ? this.#model.label(sender) : senderTypeOf(envelope),
      to: this.#model.label(receiver),
      says: this.#model.messageWords?.(envelope) ?? messageWords(envelope),
      ...rootEvent(world, receiver, machineEventOf(envelope, receiver)),
      turn: deliverMessage(world, envelope),
    };
  }

  /** Nothing that was committed is lost. Of a write that is not idempotent it is unknown whether it happened (CF3). */
  #crash(world: ModelWorld): ModelTransition[] {
    if (world.faultsLeft.crash === 0) return [];
    const blind = [...world.actors.values()].flatMap((actor) =>
      [...actor.pendings.values()]
        .filter((pending) => pending.kind === 'effect' && isBlindWrite(actor, pending))
        .map(({ key }) => key),
    );
    if (blind.every((key) => world.uncertain.has(key))) return [];
    const crashed: ModelWorld = { ...afterFault(world, 'crash'), uncertain: new Set([...world.uncertain, ...blind]) };
    const says = 'it dies, and another goes on';
    return [{ cause: 'crash', from: 'process', to: 'process', says, turn: withoutStep(crashed) }];
  }
}

/** When the made-up outcome `null` breaks a step, that says nothing about the machine. */
function requireSensible(src: string, { problems }: StepResult): void {
  const broken = problems.find(({ kind }) => kind === 'broken');
  if (!broken) return;
  throw new TroupeError(
    'definition',
    `Nobody said what "${src}" answers, and with null it cannot be explored: ${broken.says} Give samples: check(…, { samples: { ${JSON.stringify(src)}: [ … ] } }).`,
  );
}

const rootEvent = (world: ModelWorld, actor: ModelActor, event: MachineEvent): { event?: MachineEvent } =>
  actor.spawnInfo.address === world.root ? { event } : {};

/** A delayed `sendTo` is sent now. */
function forwarded(
  world: ModelWorld,
  actor: ModelActor,
  timer: PendingTimer,
  to: string,
  event: MachineEvent,
): ModelWorld {
  const { address } = actor.spawnInfo;
  const pendings = new Map([...actor.pendings].filter(([key]) => key !== timer.key));
  const envelope = signalEnvelope(timer.key, address, to, checkedRun, event);
  return {
    ...world,
    actors: new Map(world.actors).set(address, { ...actor, pendings }),
    messages: [...world.messages, envelope],
  };
}
