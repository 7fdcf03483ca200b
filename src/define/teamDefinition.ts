/** A defined team, and what it is defined with: its members, and the route between them. */
import type {
  MessageBody,
  BodyInput,
  Messages,
  MessageName,
  Protocol,
  ReplyNames,
  MessageOf,
} from '../contracts/protocol.ts';
import type { MediaPart } from '../contracts/media.ts';
import type { Duration } from '../values/duration.ts';
import type { Budget } from '../contracts/agent.ts';
import type { RunMessage } from '../contracts/run.ts';
import type { OnExhausted } from '../contracts/treasury.ts';
import type { Supervision } from '../core/actorType.ts';
import type { Member } from './member.ts';

// The members' own message types are checked where they are used; here every member that speaks the protocol will do.
/** The members of a team, by name. */
export type Members<M extends Messages> = Readonly<Record<string, Member<M, MessageName<M>>>>;
type HandledBy<A> = A extends Member<infer _M, infer H> ? H : never;
type AnswersOf<M extends Messages, Who> =
  Who extends Team<infer _M, infer _A, infer R>
    ? R
    : Who extends { readonly kind: 'guarded'; readonly subject: infer Inner }
      ? AnswersOf<M, Inner>
      : Who extends { readonly kind: 'orchestrator'; readonly members: readonly { readonly agent: infer Each }[] }
        ? AnswersOf<M, Each>
        : ReplyNames<M, HandledBy<Who> & MessageName<M>>;
/** Everything that can arrive at the route: the message that the team takes, and the answers of its members. */
type Arriving<M extends Messages, Mem, A extends MessageName<M>> =
  A | { [K in keyof Mem]: AnswersOf<M, Mem[K]> }[keyof Mem];

/** A message that a route hands to a member. */
export interface Send {
  /** The name of the member. */
  readonly to: string;
  /** The name of the message. */
  readonly type: string;
  /** Its body, checked against the protocol before it is sent. */
  readonly body: unknown;
  /** Images, audio and files beside it, from the messages so far; those of the task and of the message that is routed by default. */
  readonly parts?: readonly MediaPart[];
}
/** What a route decides: which messages are handed out, or the answer of the team. */
export type Next =
  | {
      /** The messages to hand out; none when other members are still at work. */
      readonly send: readonly Send[];
    }
  | {
      /** The body of the team's answer. */
      readonly finish: unknown;
      /** Images, audio and files that belong to it; those of the message that is routed by default. */
      readonly parts?: readonly MediaPart[];
    };

/** What goes with a message that a route hands out. */
export interface PassedOn {
  /** Images, audio and files beside it, from the messages so far (`message.parts`, `said`); those of the task and of the message that is routed by default. */
  readonly parts?: readonly MediaPart[];
}

/** What a route may do: hand a message to a member, or give the team's answer. */
export interface Talk<M extends Messages, Mem extends Members<M>, R extends MessageName<M>> {
  /** Hands a message to a member that handles it. Several at once: `all(to(…), to(…))`. */
  readonly to: <K extends keyof Mem & string, T extends HandledBy<Mem[K]> & MessageName<M>>(
    member: K,
    type: T,
    body: BodyInput<M, T>,
    options?: PassedOn,
  ) => Next;
  /** Ends the run with the team's answer. */
  readonly finish: (body: BodyInput<M, R>) => Next;
  /** The body of the latest message of that name in this run. Throws `definition` when there was none: the route is wrong then. */
  readonly last: <T extends MessageName<M>>(type: T) => MessageBody<M, T>;
  /** How many messages of that name there were. */
  readonly count: (type: MessageName<M>) => number;
  /** All messages so far, oldest first; the last one is the one to route. */
  readonly said: readonly TeamMessage[];
}

/** A message as a route sees it. An answer of a member has its sender in `from`, and in `turn` the number of the message it answers (from 0). */
export type TeamMessage = Pick<RunMessage, 'type' | 'from' | 'turn' | 'usage' | 'at' | 'parts'> & {
  /** The body, as the schema of its message leaves it. */
  readonly body: unknown;
};

/** A function for every message that can arrive. It decides what happens next. */
export type Route<M extends Messages, Mem extends Members<M>, A extends MessageName<M>, R extends MessageName<M>> = {
  readonly [K in Arriving<M, Mem, A> & MessageName<M>]: (message: MessageOf<M, K>, talk: Talk<M, Mem, R>) => Next;
};

/** What a team is defined with. */
export interface TeamOptions<
  M extends Messages,
  Mem extends Members<M>,
  A extends MessageName<M>,
  R extends MessageName<M>,
> {
  /** Its name, in lower case also its id. */
  readonly name: string;
  /** The messages that its members speak. */
  readonly protocol: Protocol<M>;
  /** Its members by name; at least one. All speak the same protocol. */
  readonly members: Mem;
  /** The message that a run starts with; its body is the run's input. */
  readonly accepts: A;
  /** The message whose body is the run's result. */
  readonly returns: R;
  /** For every message that can arrive, a function that decides what happens next. Pure: no clock, no randomness, no I/O. */
  readonly route: Route<M, Mem, A, R>;
  /**
   * How members are restarted when they break; `one-for-one`, at most 3 restarts within a minute, by default. Where it is given, a message whose member
   * fails is also handed to that member again, at most `maxRestarts` times.
   */
  readonly supervise?: Partial<Omit<Supervision, 'within'>> & {
    /** The time within which restarts are counted, as a duration or in milliseconds; one minute by default. */
    readonly within?: Duration;
  };
  /** What all members together may use up; no limit by default. */
  readonly budget?: Budget;
  /**
   * What happens when the budget is used up and no member at work can return a part of it. `fail` by default; `ask`: a ticket asks a person
   * for more; `degrade`: members go on with the next of their models when they run short, and fail when the last has no room.
   */
  readonly onExhausted?: OnExhausted;
  /** How long a run may take, as a duration such as '2m' or in milliseconds; 48 hours by default. */
  readonly deadline?: Duration;
  /** How many messages may be handed out before the run fails; 50 by default. */
  readonly maxTurns?: number;
}

/** A defined team: something to run, or a member of another team. */
export interface Team<
  M extends Messages = Messages,
  A extends MessageName<M> = MessageName<M>,
  R extends MessageName<M> = MessageName<M>,
> {
  readonly kind: 'team';
  /** Its id: a-z, 0-9 and ". _ -". */
  readonly name: string;
  /** The messages that its members speak. */
  readonly protocol: Protocol<M>;
  /** Its members by name. */
  readonly members: Members<M>;
  /** The message that a run starts with. */
  readonly accepts: A;
  /** The message whose body is the run's result. */
  readonly returns: R;
  /** As a member of another team it handles what it accepts. */
  readonly handles: readonly [A];
  /** The message that stands for the answer of a member that failed, for presets whose route decides what follows. */
  readonly failureMessage?: string;
  /** True for presets: their message names are internal, so the answer counts as a `text` elsewhere. */
  readonly plain?: true;
  /** True for presets whose definition names no deadline: theirs is a default, and guardrails do not count it as asked for. */
  readonly hasDefaultDeadline?: true;
  /** Its limits and supervision as they were given. */
  readonly options: Pick<
    TeamOptions<M, Members<M>, A, R>,
    'supervise' | 'budget' | 'onExhausted' | 'deadline' | 'maxTurns'
  >;
  /** Decides what happens next, after the messages so far; the last one is the one to route. Throws `definition`. */
  next(said: readonly TeamMessage[]): Next;
}
