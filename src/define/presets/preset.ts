/** Makes the team behind a preset: it takes a `task` and gives a `result`; messages, members and route are the preset's own. */
import { requireOptions, type OptionNames } from '../../values/options.ts';
import type * as z from 'zod';
import type { Budget } from '../../contracts/agent.ts';
import type { Duration } from '../../values/duration.ts';
import { quotedName } from '../../values/explain.ts';
import { TroupeError } from '../../values/failure.ts';
import { slug } from '../../values/ids.ts';
import { protocol as protocolOf, type Messages, type Protocol } from '../../contracts/protocol.ts';
import { defaultSupervision } from '../../core/actorType.ts';
import type { Member } from '../member.ts';
import { rememberPart } from '../madeFrom.ts';
import { supervisedRoute } from '../supervisedRoute.ts';
import { team } from '../team.ts';
import type { Next, PassedOn, Team, TeamMessage, TeamOptions } from '../teamDefinition.ts';

/** Options of every preset. */
export interface PresetOptions extends Pick<TeamOptions<Messages, never, never, never>, 'supervise' | 'onExhausted'> {
  /** The name of the team. */
  readonly name: string;
  /** What all members together may use up; no limit by default. */
  readonly budget?: Budget;
  /** How long a run may take, as a duration or in milliseconds; one hour by default. */
  readonly deadline?: Duration;
}

/** The messages of a preset that its users see. */
export type PresetProtocol<I, O> = {
  /** What it takes. */
  readonly task: {
    /** The schema of its input. */
    readonly body: z.ZodType<I, I>;
  };
  /** What it gives. */
  readonly result: {
    /** The schema of its output. */
    readonly body: z.ZodType<O, O>;
  };
};
/** A team made by a preset. It is run, nested and tested as every other team. */
export type Preset<I, O> = Team<PresetProtocol<I, O>, 'task', 'result'>;

interface PresetSpec {
  /** The kind of preset, for messages. */
  readonly what: string;
  readonly messages: Messages;
  members(protocol: Protocol): Readonly<Record<string, Member>>;
  /** Decides what happens next. The team checks recipients and bodies. */
  next(said: readonly TeamMessage[]): Next;
  readonly maxTurns?: number;
  /** The message that stands for the answer of a member that failed; without it such a failure ends the run. */
  readonly failureMessage?: string;
}

/** Makes the team of a preset. Throws `definition`. */
export function makePreset<I, O>(
  options: PresetOptions,
  { what, messages, members, next, maxTurns, failureMessage }: PresetSpec,
): Preset<I, O> {
  const { name, supervise, budget, onExhausted, deadline = '1h' } = options;
  if (typeof name !== 'string' || name.trim() === '')
    throw new TroupeError('definition', `The ${what}${quotedName(options)} needs a name.`);
  const protocol = protocolOf(messages);
  const step = (_: unknown, { said }: { readonly said: readonly TeamMessage[] }) => next(said);
  const made = team({
    name,
    protocol,
    members: members(protocol),
    accepts: 'task',
    returns: 'result',
    route: Object.fromEntries(Object.keys(messages).map((type) => [type, step])),
    deadline,
    ...(supervise ? { supervise } : {}),
    ...(budget ? { budget } : {}),
    ...(onExhausted ? { onExhausted } : {}),
    ...(maxTurns === undefined ? {} : { maxTurns }),
  } as never);
  rememberPart(made.next, options);
  // The messages between task and result are internal to the preset; its caller declares the types of task and result.
  const forgiving = failureMessage !== undefined && {
    failureMessage,
    ...(supervise
      ? {
          next: supervisedRoute(made.next, {
            failureMessage,
            maxRestarts: supervise.maxRestarts ?? defaultSupervision.maxRestarts,
            maxTurns: maxTurns ?? Infinity,
            isRouted: true,
          }),
        }
      : {}),
  };
  const own = options.deadline === undefined ? { hasDefaultDeadline: true as const } : {};
  return { ...made, plain: true, ...own, ...forgiving } as unknown as Preset<I, O>;
}

/** Hands a message to one member. */
export const sendTo = (to: string, type: string, body: unknown, passedOn: PassedOn = {}): Next => ({
  send: [{ to, type, body, ...passedOn }],
});
/** Ends the run with this result. */
export const finishWith = (body: unknown, passedOn: PassedOn = {}): Next => ({ finish: body, ...passedOn });
/** Hands out nothing, because other members are still at work. */
export const waitForOthers: Next = { send: [] };

/** The preset with its name, for messages. Throws `definition` for an option that it does not have. */
export function presetLabel<T extends PresetOptions>(what: string, options: T, names: OptionNames<T>): string {
  const { name }: { readonly name?: unknown } = options ?? {};
  const label = typeof name === 'string' && name !== '' ? `${what} "${slug(name)}"` : what;
  requireOptions(label, options, names);
  return label;
}

/** The names of the options that every preset has. */
export const presetOptionNames: OptionNames<PresetOptions> = {
  name: true,
  supervise: true,
  budget: true,
  onExhausted: true,
  deadline: true,
};

/** Throws `definition` for anything other than a whole number of 1 or more. */
export function atLeastOne(what: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new TroupeError('definition', `${what} is a whole number from 1 on; got ${String(value)}.`);
}
