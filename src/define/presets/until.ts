/**
 * Conditions that end a conversation. They are pure: each time a member has spoken they look at the whole conversation. A condition that is
 * met stays met, so `and` and `or` can combine them.
 */
import { describeValue } from '../../values/explain.ts';
import { milliseconds, type Duration } from '../../values/duration.ts';
import { TroupeError } from '../../values/failure.ts';
import type { AgentUsage } from '../../contracts/agent.ts';

/** What one member said in a conversation. A hand-over has `to`. */
export interface Turn {
  /** The name of the member. */
  readonly from: string;
  /** What it said. */
  readonly text: string;
  /** The name of the member it handed the task over to; missing when it only spoke. */
  readonly to?: string;
}

/** A conversation so far. */
export interface Conversation {
  /** The task that it began with. */
  readonly task: string;
  /** What was said, oldest first. */
  readonly turns: readonly Turn[];
  /** The tokens that all members have used so far, including those that chose the speakers. */
  readonly usage: Pick<AgentUsage, 'inputTokens' | 'outputTokens'>;
  /** Milliseconds from the arrival of the task to the latest turn. */
  readonly elapsed: number;
}

/** A condition that ends a conversation. */
export interface Until {
  /** Why the conversation is over; undefined while it is not. */
  reason(conversation: Conversation): string | undefined;
  /** The number of turns after which it is over at the latest; undefined when that cannot be said. */
  readonly turns: number | undefined;
  /** Recipients outside the team to which the conversation may be handed over; that ends it. */
  readonly exits: readonly string[];
  /** Met when both conditions are met. */
  and(other: Until): Until;
  /** Met when one of the two is met. */
  or(other: Until): Until;
}

function condition(
  reason: Until['reason'],
  { turns, exits = [] }: { readonly turns?: number | undefined; readonly exits?: readonly string[] } = {},
): Until {
  const self: Until = {
    reason,
    turns,
    exits,
    and: (other) =>
      condition(
        (conversation) => {
          const reasons = [reason(conversation), requireUntil('and(…)', other).reason(conversation)];
          return reasons.includes(undefined) ? undefined : reasons.join(' and ');
        },
        {
          turns: turns === undefined || other.turns === undefined ? undefined : Math.max(turns, other.turns),
          exits: [...exits, ...other.exits],
        },
      ),
    or: (other) =>
      condition((conversation) => reason(conversation) ?? requireUntil('or(…)', other).reason(conversation), {
        turns:
          Math.min(turns ?? Infinity, other.turns ?? Infinity) === Infinity
            ? undefined
            : Math.min(turns ?? Infinity, other.turns ?? Infinity),
        exits: [...exits, ...other.exits],
      }),
  };
  return Object.freeze(self);
}

/** Throws `definition` for anything that is no condition. */
export function requireUntil(where: string, value: unknown): Until {
  if (isUntil(value)) return value;
  throw new TroupeError(
    'definition',
    `${where} needs to know when it is over, such as until.maxTurns(10).or(until.textMentions('DONE')); got ${describeValue(value)}.`,
  );
}

const isUntil = (value: unknown): value is Until =>
  typeof value === 'object' && value !== null && 'reason' in value && typeof value.reason === 'function';

const count = (what: string, value: number): number => {
  if (Number.isInteger(value) && value > 0) return value;
  throw new TroupeError('definition', `${what} takes a whole number from 1 on; got ${String(value)}.`);
};
const text = (what: string, value: string): string => {
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new TroupeError('definition', `${what} takes a text that is not empty; got ${describeValue(value)}.`);
};

/**
 * Conditions that end a conversation. They are checked whenever a member has spoken; the team's `deadline` stops a member in the middle of its work.
 * @example until.textMentions('APPROVED').or(until.maxTurns(12)).or(until.tokenBudget(50_000))
 */
export const until = {
  /** After so many turns. */
  maxTurns(turns: number): Until {
    count('until.maxTurns', turns);
    return condition((said) => (said.turns.length >= turns ? `${turns} turns` : undefined), { turns });
  },
  /** Once a member has said this text, in upper or lower case. */
  textMentions(mark: string): Until {
    const wanted = text('until.textMentions', mark).toLowerCase();
    return condition(({ turns }) => {
      const found = turns.find((turn) => turn.text.toLowerCase().includes(wanted));
      return found && `${found.from} said "${mark}"`;
    });
  },
  /** Once all members together have used so many tokens, input and output. */
  tokenBudget(tokens: number): Until {
    count('until.tokenBudget', tokens);
    return condition(({ usage: { inputTokens, outputTokens } }) =>
      inputTokens + outputTokens >= tokens ? `${tokens} tokens` : undefined,
    );
  },
  /** Once so much time has passed since the task arrived. */
  timeout(duration: Duration): Until {
    const limit = milliseconds(duration);
    return condition(({ elapsed }) => (elapsed >= limit ? `it took ${duration}` : undefined));
  },
  /** Once the task was handed over to this recipient: a member, or one outside the team that continues with it. */
  handedOff(to: string): Until {
    text('until.handedOff', to);
    return condition(
      ({ turns }) => {
        const found = turns.find((turn) => turn.to === to);
        return found && `${found.from} handed over to ${to}`;
      },
      { exits: [to] },
    );
  },
};
