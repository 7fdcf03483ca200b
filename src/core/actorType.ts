/** An actor type: a machine that passed every check, with the settings the engine needs to run it. */
import type { AnyStateMachine } from 'xstate';
import type { ZodType } from 'zod';
import { isDeferred, undeferred } from '../values/deferred.ts';
import { TroupeError } from '../values/failure.ts';
import { slug } from '../values/ids.ts';
import type { Json } from '../values/json.ts';
import { chart, type Chart } from './chart.ts';
import { isMachine } from './validateActors.ts';
import type { Platform, Sha256 } from './platform.ts';
import { validateMachine } from './validateMachine.ts';
import { machineHash } from './machineShape.ts';

/** How an actor supervises its children. */
export interface Supervision {
  /** Which children are restarted when one fails: that one, all of them, or it and those spawned after it. */
  readonly strategy: 'one-for-one' | 'one-for-all' | 'rest-for-one';
  /** More restarts than this `within` so many milliseconds, and the failure goes up to the parent. */
  readonly maxRestarts: number;
  /** Milliseconds. */
  readonly within: number;
  /** `resume` continues from the last commit without the message that failed; `fresh` starts over with the same input. */
  readonly restart: 'resume' | 'fresh';
}

/** How many messages may wait for an actor, and what happens to one more. */
export interface MailboxPolicy {
  /** Messages; what the actor started itself is not counted. */
  readonly limit: number;
  /** `reject`: the sender gets `mailbox_full`; `drop-oldest`: the oldest message is rejected instead; `block`: the sender waits. */
  readonly whenFull: 'reject' | 'drop-oldest' | 'block';
}

/** Settings of an actor type. Every field may be left out. */
export interface ActorTypeOptions {
  /** The first part of its actors' addresses; default the machine's id. */
  readonly name?: string;
  /** The messages it takes, each with the schema of its body. All others are rejected before the machine sees them. */
  readonly handles?: Readonly<Record<string, ZodType>>;
  /** The bare events it takes from people and other actors (signals). Default: any event its machine knows. */
  readonly signals?: ZodType;
  /** Its machine ends by itself at `troupe.deadline`, the event for a run whose deadline has passed. Default: a root actor fails then, as `expired`. */
  readonly endsByDeadline?: boolean;
  /** How long an actor may live, in milliseconds; what it starts inherits the deadline (E9). Its machine ends it by a timer of its own. */
  readonly deadline?: number;
  /** The schema of its context; checked when a stored actor meets a changed machine. */
  readonly context?: ZodType;
  /** How it supervises its children; what is not given is as in `supervision`. */
  readonly supervise?: Partial<Supervision>;
  /** Bounds of its mailbox; what is not given is as in `mailbox`. */
  readonly mailbox?: Partial<MailboxPolicy>;
  /** Turns a snapshot that no longer fits into one that does. `from` is the hash of the machine that wrote it. */
  readonly migrate?: (snapshot: Json, from: string) => Json;
  /** The same for its child machines, by their name in setup({ actors }). */
  readonly children?: Readonly<Record<string, ActorTypeOptions>>;
}

/** A machine that passed every check, with its settings. */
export interface ActorType extends Omit<ActorTypeOptions, 'name' | 'supervise' | 'mailbox' | 'children'> {
  /** The first part of its actors' addresses. */
  readonly name: string;
  /** The machine as pure functions, by which the engine steps it. */
  readonly chart: Chart;
  /** Of the machine's shape and its context's schema. */
  readonly hash: string;
  /** The hash function of the platform, in Node or elsewhere. */
  readonly sha256: Sha256;
  /** How an actor of this type supervises its children. */
  readonly supervise: Supervision;
  /** How many messages may wait for an actor, and what happens to one more. */
  readonly mailbox: MailboxPolicy;
  /** The type of a child machine; undefined when that name is an effect. */
  child(source: string): ActorType | undefined;
}

/** The default supervision: three restarts a minute, each child by itself. */
export const defaultSupervision: Supervision = {
  strategy: 'one-for-one',
  maxRestarts: 3,
  within: 60_000,
  restart: 'resume',
};
/** The default mailbox: 1,000 messages, and one more is rejected. */
export const defaultMailbox: MailboxPolicy = { limit: 1_000, whenFull: 'reject' };

/** Checks a machine once, when its type is defined, with all that its actors may start. Throws `definition` or `unsupported`. */
export function defineActorType(given: AnyStateMachine, options: ActorTypeOptions, platform: Platform): ActorType {
  const machine = undeferred(given);
  requireDurable(machine, options);
  return typeOf(machine, options, platform);
}

/** A machine that is deferred is one of ours: it is checked when the first of its actors starts. */
function requireDurable(machine: AnyStateMachine, options: ActorTypeOptions): void {
  validateMachine(machine);
  requireLimits(machine.id, options);
  slug(options.name ?? machine.id);
  for (const [source, logic] of Object.entries(machine.implementations.actors))
    if (isMachine(logic) && !isDeferred(logic)) requireDurable(logic, childOptions(options, source));
}

/** The type of a machine that was checked. That of a child is made when the first of its actors starts. */
function typeOf(machine: AnyStateMachine, options: ActorTypeOptions, platform: Platform): ActorType {
  const children = new Map<string, ActorType>();
  return {
    ...options,
    name: slug(options.name ?? machine.id),
    chart: chart(machine, platform.trace),
    hash: machineHash(machine, options.context, platform.sha256),
    sha256: platform.sha256,
    supervise: { ...defaultSupervision, ...options.supervise },
    mailbox: { ...defaultMailbox, ...options.mailbox },
    child(source) {
      const known = children.get(source);
      const logic = machine.implementations.actors[source];
      if (known || !isMachine(logic)) return known;
      const make = isDeferred(logic) ? defineActorType : typeOf;
      const made = make(logic, childOptions(options, source), platform);
      children.set(source, made);
      return made;
    },
  };
}

const childOptions = ({ children }: ActorTypeOptions, source: string): ActorTypeOptions => ({
  name: source,
  ...children?.[source],
});

/** Rejects settings that would be no bounds (E8, E10). */
function requireLimits(
  machine: string,
  { mailbox: { limit = 1 } = {}, supervise: { maxRestarts = 0, within = 1 } = {} }: ActorTypeOptions,
): void {
  const wrong = [
    Number.isInteger(limit) && limit >= 1 ? '' : `mailbox.limit must be a whole number, 1 or more; it is ${limit}.`,
    Number.isInteger(maxRestarts) && maxRestarts >= 0
      ? ''
      : `supervise.maxRestarts must be a whole number, 0 or more; it is ${maxRestarts}.`,
    Number.isFinite(within) && within > 0 ? '' : `supervise.within must be milliseconds, more than 0; it is ${within}.`,
  ].filter((problem) => problem !== '');
  if (wrong.length > 0)
    throw new TroupeError(
      'definition',
      `The options of "${machine}" cannot be used:\n${wrong.map((problem) => `- ${problem}`).join('\n')}`,
    );
}
