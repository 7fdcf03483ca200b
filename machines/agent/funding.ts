/** What an agent does when its budget runs short: it asks its lender or a person for more, or goes on with a cheaper model. */
import type { AgentInput, Budget } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { TreasuryLease } from '../../src/contracts/treasury.ts';
import type { WaitInput } from '../../src/contracts/wait.ts';
import { fieldsOf } from '../json.ts';
import { isBudget, kinds, minus, plus, spendingOf, type Kind } from '../treasury/ledger.ts';
import { ticketOf } from '../treasury/ticket.ts';
import type { AgentContext } from './context.ts';
import type { AgentEvent } from './events.ts';
import type { AgentSettings } from './settings.ts';
import { low, spent, tokensOf } from './budget.ts';

/** What an agent knows of its funding, beside its budget and its allowance. */
export interface Purse {
  /** The name under which its parent may be asked for more than the allowance. */
  readonly lease?: string;
  /** Cheaper models go on when the allowance runs short, whatever the agent's own settings say. */
  readonly degrade?: true;
  /** What a person granted beyond the agent's own budget. */
  readonly extra?: Budget;
  /** Tool calls that are needed in all: the model wanted to make some when none were left. */
  readonly calls?: number;
  /** The ticket on which a person is being asked. */
  readonly plea?: WaitInput;
  /** How many times a person was asked. */
  readonly asked: number;
  /** How many models were passed over for cheaper ones. */
  readonly cheaper: number;
}
export const purseOf = ({ lease, degrade }: AgentInput): Purse => ({
  ...(lease === undefined ? {} : { lease }),
  ...(degrade === undefined ? {} : { degrade }),
  asked: 0,
  cheaper: 0,
});

/** The least that a step of a model whose cost is not known is taken to cost, in US dollars. */
const leastCost = 1e-6;

type Funds = Pick<AgentContext, 'used' | 'latest' | 'purse' | 'allowance'>;
type Settings = Pick<AgentSettings, 'budget' | 'onExhausted' | 'models' | 'name' | 'limits'>;

/** The agent's own limits, with what a person granted beyond them. */
export const ownLimits = (budget: Budget, { extra }: Pick<Purse, 'extra'>): Budget =>
  extra === undefined ? budget : plus(budget, extra);

/** For every kind that these limits leave no room for: what it must come to in all for another step. */
export function shortOf({ used, latest, purse }: Funds, limits: Budget): Budget {
  const needed: Record<Kind, number> = {
    steps: used.steps + 1,
    tokens: tokensOf(used) + latest.tokens + 1,
    // A cost that is not known cannot be compared with a limit.
    usd: used.usd === null ? 0 : used.usd + (latest.usd || leastCost),
    toolCalls: purse.calls ?? 0,
  };
  const isKindShort = (kind: Kind): boolean => {
    const limit = limits[kind];
    if (limit === undefined) return false;
    if (kind !== 'usd') return needed[kind] > limit;
    return used.usd !== null && (used.usd >= limit || used.usd + latest.usd > limit);
  };
  return Object.fromEntries(kinds.filter(isKindShort).map((kind) => [kind, needed[kind]]));
}
const isShort = (funds: Funds, limits: Budget): boolean => Object.keys(shortOf(funds, limits)).length > 0;

/** Only the allowance is short; the agent's own budget has room. */
export const mayAskForMore = (funds: Funds, { budget }: Settings): boolean =>
  funds.purse.lease !== undefined &&
  isShort(funds, funds.allowance ?? {}) &&
  !isShort(funds, ownLimits(budget, funds.purse));

export const mayAskPerson = (funds: Funds, { budget, onExhausted }: Settings): boolean =>
  onExhausted === 'ask' && isShort(funds, ownLimits(budget, funds.purse));

export const mayHaveMore = (funds: Funds, settings: Settings): boolean =>
  mayAskForMore(funds, settings) || mayAskPerson(funds, settings);

/** Once at the soft limit, and after that whenever the next call would cost more than is left. A cheaper model saves money only, so no other kind counts. */
export function shouldDegrade(funds: Funds, { budget, onExhausted, models, limits }: Settings): boolean {
  const { purse, allowance = {}, used } = funds;
  if ((onExhausted !== 'degrade' && !purse.degrade) || purse.cheaper >= models - 1) return false;
  return [ownLimits(budget, purse), allowance].some(({ usd }) => {
    if (usd === undefined || used.usd === null || used.usd >= usd) return false;
    const money = { ...funds, allowance: undefined };
    return isShort(money, { usd }) || (purse.cheaper === 0 && low(money, { usd }, limits.softShare));
  });
}

/** The cost of the cheaper model is not known before it has answered. */
export const degraded = ({ purse, latest }: AgentContext): Partial<AgentContext> => ({
  purse: { ...purse, cheaper: purse.cheaper + 1 },
  latest: { ...latest, usd: 0 },
});

/** The request to the lender; undefined when nothing was lent. */
export const requestFor = (funds: Funds): TreasuryLease | undefined =>
  funds.purse.lease === undefined
    ? undefined
    : {
        type: 'treasury.lease',
        id: funds.purse.lease,
        wants: shortOf(funds, funds.allowance ?? {}),
        used: spendingOf(funds.used),
      };

export const isOfLease = (
  { purse }: Pick<AgentContext, 'purse'>,
  event: { readonly type: string; readonly id?: unknown },
): boolean => purse.lease !== undefined && event.id === purse.lease;

/** The request was answered, granted or not: it is not made again. */
const answered = ({ calls: _calls, plea: _plea, ...purse }: Purse): Purse => purse;

export const takeLease = ({ purse }: AgentContext, event: AgentEvent): Partial<AgentContext> =>
  event.type === 'treasury.granted' ? { allowance: event.budget, purse: answered(purse) } : {};

export const takeGrant = ({ purse }: AgentContext, granted: Budget): Partial<AgentContext> => ({
  purse: { ...answered(purse), extra: { ...granted, ...plus(purse.extra ?? {}, granted) } },
});

export const noteCalls = ({ purse, used }: AgentContext): Partial<AgentContext> => ({
  purse: { ...purse, calls: used.toolCalls + 1 },
});

/** Writes the ticket on which a person is asked: what for, what the agent has, and what it has used. */
export const plead = (context: AgentContext, { budget, name, limits }: Settings): Partial<AgentContext> => {
  const { used, purse } = context;
  const own = ownLimits(budget, purse);
  const asked = purse.asked + 1;
  const plea = ticketOf({
    who: name === undefined ? 'The agent' : `The agent "${name}"`,
    budget: own,
    used: spendingOf(used),
    lacks: minus(shortOf(context, own), own),
    number: asked,
    patience: limits.approvalDeadline,
  });
  return { purse: { ...purse, plea, asked } };
};

/** What was used up when the person was asked. */
export const whyShort = ({ used, purse: { plea } }: AgentContext): Failure => {
  const { budget, asked } = fieldsOf(plea?.subject?.input);
  const lacks = isBudget(asked) ? asked : {};
  const kind = kinds.find((each) => lacks[each] !== undefined) ?? 'steps';
  return spent(kind, spendingOf(used)[kind], isBudget(budget) ? (budget[kind] ?? 0) : 0);
};
