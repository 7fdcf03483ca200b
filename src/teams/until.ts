/**
 * When a conversation is over. Conditions are pure: they look at the whole conversation each time somebody has spoken, and once met they stay met,
 * so `and` and `or` mean what they say.
 */
import { came } from '../contracts/explain.ts';
import { milliseconds, type Duration } from '../contracts/duration.ts';
import { TroupeError } from '../contracts/failure.ts';
import type { AgentUsage } from '../contracts/agent.ts';

/** What somebody said. A hand-over has `to`. */
export interface Turn {
  readonly from: string;
  readonly text: string;
  readonly to?: string;
}

export interface Conversation {
  readonly task: string;
  readonly turns: readonly Turn[];
  /** What everybody used so far, those who chose the speakers included. */
  readonly usage: Pick<AgentUsage, 'inputTokens' | 'outputTokens'>;
  /** Milliseconds since the task came, when the latest turn did. */
  readonly elapsed: number;
}

export interface Until {
  /** Why it is over; undefined while it is not. */
  reason(conversation: Conversation): string | undefined;
  /** After so many turns it is over at the latest; undefined when that cannot be said. */
  readonly turns: number | undefined;
  /** To whom the conversation may be handed over beside its members: that ends it. */
  readonly exits: readonly string[];
  /** Both. */
  and(other: Until): Until;
  /** Whichever is met first. */
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

/** Throws `definition`. */
export function requireUntil(where: string, value: unknown): Until {
  if (typeof (value as Partial<Until> | null | undefined)?.reason === 'function') return value as Until;
  throw new TroupeError(
    'definition',
    `${where} needs to know when it is over, such as until.maxTurns(10).or(until.textMentions('DONE')); got ${came(value)}.`,
  );
}

const count = (what: string, value: number): number => {
  if (Number.isInteger(value) && value > 0) return value;
  throw new TroupeError('definition', `${what} takes a whole number from 1 on; got ${String(value)}.`);
};
const text = (what: string, value: string): string => {
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new TroupeError('definition', `${what} takes a text that is not empty; got ${came(value)}.`);
};

/**
 * When a conversation ends. `timeout` and the others are asked whenever somebody has spoken; what stops a member in the middle is the team's `deadline`.
 * @example until.textMentions('APPROVED').or(until.maxTurns(12)).or(until.tokenBudget(50_000))
 */
export const until = {
  /** After so many turns. */
  maxTurns(turns: number): Until {
    count('until.maxTurns', turns);
    return condition((said) => (said.turns.length >= turns ? `${turns} turns` : undefined), { turns });
  },
  /** Once a member has said this, in any case. */
  textMentions(mark: string): Until {
    const wanted = text('until.textMentions', mark).toLowerCase();
    return condition(({ turns }) => {
      const found = turns.find((turn) => turn.text.toLowerCase().includes(wanted));
      return found && `${found.from} said "${mark}"`;
    });
  },
  /** Once everybody together has used so many tokens, in and out. */
  tokenBudget(tokens: number): Until {
    count('until.tokenBudget', tokens);
    return condition(({ usage: { inputTokens, outputTokens } }) =>
      inputTokens + outputTokens >= tokens ? `${tokens} tokens` : undefined,
    );
  },
  /** Once so much time has passed since the task came. */
  timeout(duration: Duration): Until {
    const limit = milliseconds(duration);
    return condition(({ elapsed }) => (elapsed >= limit ? `it took ${duration}` : undefined));
  },
  /** Once it was handed over to somebody: a member, or anybody outside who goes on with it. */
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
