/** What every preset comes to: a team that takes a `task` and gives a `result`, with messages, members and a route of its own making. */
import type * as z from 'zod';
import type { Budget } from '../contracts/agent.ts';
import type { Duration } from '../contracts/duration.ts';
import { named } from '../contracts/explain.ts';
import { TroupeError } from '../contracts/failure.ts';
import { slug } from '../contracts/ids.ts';
import { protocol as protocolOf, type Messages, type Protocol } from '../contracts/protocol.ts';
import type { Member } from '../member.ts';
import { team, type Next, type Team, type TeamMessage, type TeamOptions } from '../team.ts';

/** What may be said of any preset. */
export interface PresetOptions extends Pick<TeamOptions<Messages, never, never, never>, 'supervise'> {
  readonly name: string;
  readonly budget?: Budget;
  /** One hour unless told otherwise: a team that waits for ever helps nobody. */
  readonly deadline?: Duration;
}

export type Whole<I, O> = {
  readonly task: { readonly body: z.ZodType<I, I> };
  readonly result: { readonly body: z.ZodType<O, O> };
};
/** A team made by a preset: it runs, nests and is tested as every other. */
export type Preset<I, O> = Team<Whole<I, O>, 'task', 'result'>;

interface Plan {
  readonly what: string;
  readonly messages: Messages;
  members(protocol: Protocol): Readonly<Record<string, Member>>;
  /** Who speaks next. What it sends was checked by the preset; bodies and recipients are checked once more by the team. */
  next(said: readonly TeamMessage[]): Next;
  readonly maxTurns?: number;
}

export function preset<I, O>(options: PresetOptions, { what, messages, members, next, maxTurns }: Plan): Preset<I, O> {
  const { name, supervise, budget, deadline = '1h' } = options;
  if (typeof name !== 'string' || name.trim() === '')
    throw new TroupeError('definition', `The ${what}${named(options)} needs a name.`);
  const protocol = protocolOf(messages as never) as unknown as Protocol;
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
    ...(maxTurns === undefined ? {} : { maxTurns }),
  } as never);
  // The messages between task and result are the preset's own business; what goes in and out was said by its caller.
  return { ...made, plain: true } as unknown as Preset<I, O>;
}

export const send = (to: string, type: string, body: unknown): Next => ({ send: [{ to, type, body }] });
export const finish = (body: unknown): Next => ({ finish: body });
/** Somebody else is still at work. */
export const wait: Next = { send: [] };

export const place = (what: string, { name }: { readonly name?: unknown }): string =>
  typeof name === 'string' && name !== '' ? `${what} "${slug(name)}"` : what;

/** Throws `definition` for what is no whole number from 1 on. */
export function atLeastOne(what: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new TroupeError('definition', `${what} is a whole number from 1 on; got ${String(value)}.`);
}
