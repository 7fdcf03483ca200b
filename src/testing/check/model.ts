/** What a check explores: the actor, what may come from outside, and the outcomes of its effects. */
import type { Envelope } from '../../contracts/envelope.ts';
import type { Outcome } from '../../contracts/effect.ts';
import type { Json } from '../../values/json.ts';
import type { PendingEffect, PendingTimer } from '../../contracts/pending.ts';
import type { ActorType } from '../../core/actorType.ts';
import type { StepProblem } from './worldStep.ts';
import type { ModelActor, ModelWorld } from './world.ts';
import type { NumberSamples } from './numbers.ts';
import type { Projection } from './abstraction.ts';

/** A message that a client may send at any time. */
export interface ExternalMessage {
  /** Type of the message. */
  readonly type: string;
  /** How it is sent: with an answer expected, without one, or as a bare event. */
  readonly kind: 'ask' | 'tell' | 'signal';
  /** Body of the message. */
  readonly body: Json;
  /** The sender sees the effect of it, and sends it again when there was none. */
  readonly watched?: true;
  /** Nobody declared it: the machine handles it, so a client may send it. */
  readonly derived?: true;
  /** The actors of the run send it themselves: a client that sends it only interferes. */
  readonly interferes?: true;
}

/** One possible outcome of an effect. */
export interface PossibleOutcome {
  /** The output or the failure. */
  readonly outcome: Outcome;
  /** What happened, for people. */
  readonly says: string;
  /** Made up, because no samples were given. */
  readonly guessed?: true;
  /** The name of the receiver when it is not the actor that asked for the effect. */
  readonly to?: string;
}

/** Everything that an exploration reached. */
export interface Reached {
  /** The worlds. */
  readonly worlds: Iterable<ModelWorld>;
  /** Ids of the states that were visited. */
  readonly visited: ReadonlySet<string>;
}
/** Something that should be reached and was not. */
export interface Unreached {
  /** Names it, so that it is reported once. */
  readonly about: string;
  /** What is wrong, and what would mend it. */
  readonly says: string;
}

/** Is it the timer of the delay `deadline`, which every machine of ours has? */
export const isDeadlineTimer = ({ data }: PendingTimer): boolean =>
  data.event.type.startsWith('xstate.after.deadline.');

/** The model that is explored. */
export interface CheckModel {
  /** Its name, for people. */
  readonly name: string;
  /** The type of the root actor. */
  readonly type: ActorType;
  /** The inputs that a run may start with. */
  readonly inputs: readonly Json[];
  /** The numbers that are tried of ranges. */
  readonly numbers: NumberSamples;
  /** The messages that clients may send. */
  readonly external: readonly ExternalMessage[];
  /** Is this a message that only interferes? A run that goes on only when a client sends one is stuck. */
  readonly isInterference: (type: string) => boolean;
  /** Is this a timer that the runtime sets by default, so late that no run should have to wait for it? */
  readonly isDefaultTimer: (actor: ModelActor, timer: PendingTimer) => boolean;
  /** The possible outcomes of an effect that is not performed. */
  outcomes(actor: ModelActor, effect: PendingEffect): readonly PossibleOutcome[];
  /** What the outcome of a pure effect says, for people. */
  tell(actor: ModelActor, effect: PendingEffect, outcome: Outcome): Omit<PossibleOutcome, 'outcome'>;
  /** What of an actor decides what happens next. */
  readonly project: Projection;
  /** The name of an actor, for people. */
  label(actor: ModelActor): string;
  /** Who performs an effect, for people; the effect itself by default. */
  performer?(actor: ModelActor): string;
  /** What a message between actors says, for people, where the type of the message says too little. */
  messageWords?(envelope: Envelope): string | undefined;
  /** Is the run paused? Then it stands still until a person resumes it. */
  isHeld?(world: ModelWorld): boolean;
  /** What is wrong with how a run ended. */
  problemOfEnd?(world: ModelWorld): StepProblem | undefined;
  /** What should have been reached and was not. Without this method that is not looked at. */
  unreached?(seen: Reached): readonly Unreached[];
}
