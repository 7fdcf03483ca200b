/** What an agent does when its money runs short: it asks whoever lends to it, or a person, or goes on with a cheaper model. */
import type { AgentInput, Budget } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/contracts/failure.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import type { WaitInput } from '../../src/contracts/wait.ts';
import { kinds, minus, plus, spendingOf } from '../treasury/books.ts';
import { ticketOf } from '../treasury/ticket.ts';
import type { AgentContext } from './context.ts';
import type { AgentSettings } from './limits.ts';
import { low, spent, tokensOf } from './money.ts';

export interface Purse {
  /** The name under which its parent may be asked for more. */
  readonly lease?: string;
  readonly degrade?: true;
  /** More than its own budget, given by a person. */
  readonly extra?: Budget;
  /** Tool calls it has to come to: the model wanted to make some, and there were none left. */
  readonly calls?: number;
  /** What a person is being asked. */
  readonly plea?: WaitInput;
  /** How often one was. */
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

/** A step that cannot be cheaper than nothing: what a model of unknown cost is taken to need, in US dollars. */
const something = 1e-6;

type Funds = Pick<AgentContext, 'used' | 'latest' | 'purse' | 'allowance'>;
type Settings = Pick<AgentSettings, 'budget' | 'onExhausted' | 'models' | 'name' | 'limits'>;

/** Its own limits, with what a person added. */
export const ownLimits = (budget: Budget, { extra }: Pick<Purse, 'extra'>): Budget =>
  extra === undefined ? budget : plus(budget, extra);

/** What it must come to for another step, of every kind that these limits leave no room for. */
export function shortOf({ used, latest, purse }: Funds, limits: Budget): Budget {
  const wants: Required<Budget> = {
    steps: used.steps + 1,
    tokens: tokensOf(used) + latest.tokens + 1,
    // Of a price that is not known nothing can be said.
    usd: used.usd === null ? 0 : used.usd + (latest.usd || something),
    toolCalls: purse.calls ?? 0,
  };
  const isShort = (kind: keyof Budget) =>
    limits[kind] !== undefined &&
    (kind === 'usd'
      ? used.usd !== null && (used.usd >= limits.usd! || used.usd + latest.usd > limits.usd!)
      : wants[kind]! > limits[kind]!);
  return Object.fromEntries(kinds.filter(isShort).map((kind) => [kind, wants[kind]]));
}
const isShort = (funds: Funds, limits: Budget): boolean => Object.keys(shortOf(funds, limits)).length > 0;

/** Only what was lent is short; its own budget has room. */
export const mayAskForMore = (funds: Funds, { budget }: Settings): boolean =>
  funds.purse.lease !== undefined &&
  isShort(funds, funds.allowance ?? {}) &&
  !isShort(funds, ownLimits(budget, funds.purse));

export const mayAskPerson = (funds: Funds, { budget, onExhausted }: Settings): boolean =>
  onExhausted === 'ask' && isShort(funds, ownLimits(budget, funds.purse));

export const mayHaveMore = (funds: Funds, settings: Settings): boolean =>
  mayAskForMore(funds, settings) || mayAskPerson(funds, settings);

/** At the soft limit once, and then whenever the next call would cost more than is left. Another model saves money, nothing else. */
export function shouldDegrade(funds: Funds, { budget, onExhausted, models, limits }: Settings): boolean {
  const { purse, allowance = {}, used } = funds;
  if ((onExhausted !== 'degrade' && !purse.degrade) || purse.cheaper >= models - 1) return false;
  return [ownLimits(budget, purse), allowance].some(({ usd }) => {
    if (usd === undefined || used.usd === null || used.usd >= usd) return false;
    const money = { ...funds, allowance: undefined };
    return isShort(money, { usd }) || (purse.cheaper === 0 && low(money, { usd }, limits.softShare));
  });
}

/** What the cheaper one costs is not known before it has answered. */
export const degraded = ({ purse, latest }: AgentContext): Partial<AgentContext> => ({
  purse: { ...purse, cheaper: purse.cheaper + 1 },
  latest: { ...latest, usd: 0 },
});

export const requestFor = (funds: Funds): TreasuryLease => ({
  type: 'treasury.lease',
  id: funds.purse.lease!,
  wants: shortOf(funds, funds.allowance ?? {}),
  used: spendingOf(funds.used),
});

export const isOfLease = ({ purse }: Pick<AgentContext, 'purse'>, event: { readonly id?: unknown }): boolean =>
  purse.lease !== undefined && event.id === purse.lease;

/** What was asked for was granted, or not; either way it is not asked for again. */
const heard = ({ calls: _calls, plea: _plea, ...purse }: Purse): Purse => purse;

export const takeLease = ({ purse }: AgentContext, event: TreasuryAnswer): Partial<AgentContext> =>
  event.type === 'treasury.granted' ? { allowance: event.budget, purse: heard(purse) } : {};

export const takeGrant = ({ purse }: AgentContext, granted: Budget): Partial<AgentContext> => ({
  purse: { ...heard(purse), extra: { ...granted, ...plus(purse.extra ?? {}, granted) } },
});

export const noteCalls = ({ purse, used }: AgentContext): Partial<AgentContext> => ({
  purse: { ...purse, calls: used.toolCalls + 1 },
});

/** It asks a person: what for, with what it has and has used. */
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

/** What was used up when the question was put. */
export const whyShort = ({ used, purse: { plea } }: AgentContext): Failure => {
  const { budget, asked } = (plea?.subject?.input ?? {}) as { budget?: Budget; asked?: Budget };
  const what = kinds.find((kind) => asked?.[kind] !== undefined) ?? 'steps';
  return spent(what, spendingOf(used)[what]!, budget?.[what] ?? 0);
};
