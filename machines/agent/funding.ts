/** What an agent does when its budget runs short: it asks its lender or a person for more, or goes on with a cheaper model. */
import type { Budget } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { TreasuryLease } from '../../src/contracts/treasury.ts';
import { propertiesOf } from '../../src/values/properties.ts';
import {
  isBudget,
  budgetKinds,
  subtractBudget,
  addBudget,
  budgetOfUsage,
  mapBudget,
  rounding,
  type BudgetKind,
} from '../treasury/ledger.ts';
import { fundingTicket } from '../treasury/ticket.ts';
import type { AgentContext } from './context.ts';
import type { AgentEvent } from './events.ts';
import type { AgentSettings } from './settings.ts';
import { isAtSoftLimit, budgetSpentFailure } from './budget.ts';
import { totalTokens } from '../usage.ts';
import type { ModelCallInput, ParsedAnswer } from './effectTypes.ts';
import type { Funding, Reservation } from './fundingState.ts';

/** The least that a step of a model whose cost is not known is taken to cost, in US dollars. */
const leastCost = 1e-6;

type Funds = Pick<AgentContext, 'used' | 'latest' | 'purse' | 'allowance'>;
type Settings = Pick<AgentSettings, 'budget' | 'onExhausted' | 'models' | 'name' | 'limits' | 'reserves'>;

/** The agent's own limits, with what a person granted beyond them. */
export const ownLimits = (budget: Budget, { extra }: Pick<Funding, 'extra'>): Budget =>
  extra === undefined ? budget : addBudget(budget, extra);

/** For every kind that these limits leave no room for: what it must come to in all for another step. */
export function missingBudget({ used, purse, latest: before }: Funds, limits: Budget): Budget {
  const { least = {} } = reservationOf({ used, purse }) ?? {};
  const latest = { tokens: Math.max(before.tokens, least.tokens ?? 0), usd: Math.max(before.usd, least.usd ?? 0) };
  const needed: Record<BudgetKind, number> = {
    steps: used.steps + 1,
    tokens: totalTokens(used) + latest.tokens + 1,
    // A cost that is not known cannot be compared with a limit.
    usd: used.usd === null ? 0 : used.usd + (latest.usd || leastCost),
    toolCalls: purse.calls ?? 0,
  };
  const isKindShort = (kind: BudgetKind): boolean => {
    const limit = limits[kind];
    if (limit === undefined) return false;
    if (kind !== 'usd') return needed[kind] > limit;
    return used.usd !== null && (used.usd >= limit || used.usd + latest.usd > limit + rounding(kind));
  };
  return Object.fromEntries(budgetKinds.filter(isKindShort).map((kind) => [kind, needed[kind]]));
}
/** What is reserved for the next call, if that was begun. */
const reservationOf = ({ used, purse: { reserve } }: Pick<Funds, 'used' | 'purse'>): Reservation | undefined =>
  reserve?.step === used.steps ? reserve : undefined;

const isShort = (funds: Funds, limits: Budget): boolean => Object.keys(missingBudget(funds, limits)).length > 0;

/** Only the allowance is short; the agent's own budget has room. */
export const mayAskLender = (funds: Funds, { budget }: Settings): boolean =>
  funds.purse.lease !== undefined &&
  isShort(funds, funds.allowance ?? {}) &&
  !isShort(funds, ownLimits(budget, funds.purse));

/** The next call is to be measured before the lender is asked for what it needs. */
export const mustMeasure = (funds: Funds, { reserves }: Settings): boolean =>
  reserves && funds.purse.lease !== undefined && reservationOf(funds) === undefined;

export const beginReservation = (context: AgentContext, settings: Settings): Partial<AgentContext> => ({
  purse: {
    ...context.purse,
    reserve: { step: context.used.steps, isShort: mayAskLender(context, settings) },
  },
});

/** The lender is asked only after the call was measured: it lacks nothing that can be measured. */
export const isToBeMeasured = (funds: Funds): boolean => {
  const reserve = reservationOf(funds);
  if (reserve === undefined || reserve.most !== undefined) return false;
  const missing = missingBudget(funds, funds.allowance ?? {});
  return missing.steps === undefined && missing.toolCalls === undefined;
};

/** How the next call is reserved; undefined where nothing is. */
export function reserveMode(funds: Funds): ModelCallInput['reserve'] {
  const reserve = reservationOf(funds);
  if (reserve === undefined) return undefined;
  if (reserve.most !== undefined) return 'limit';
  return reserve.isShort ? 'measure-only-known' : 'measure';
}

export const noteReservation = ({ purse, used }: AgentContext, { means }: ParsedAnswer): Partial<AgentContext> =>
  means.kind === 'short'
    ? { purse: { ...purse, reserve: { step: used.steps, isShort: true, most: means.most, least: means.least } } }
    : {};

/** The total with which the next call cannot exceed what was lent; only the kinds that the lender limits. */
function reservedTotal(funds: Funds): Budget | undefined {
  const { most } = reservationOf(funds) ?? {};
  if (most === undefined) return undefined;
  return addBudget(
    mapBudget(most, (kind, amount) => (funds.allowance?.[kind] === undefined ? 0 : amount)),
    budgetOfUsage(funds.used),
  );
}

export const mayAskPerson = (funds: Funds, { budget, onExhausted }: Settings): boolean =>
  onExhausted === 'ask' && isShort(funds, ownLimits(budget, funds.purse));

export const mayHaveMore = (funds: Funds, settings: Settings): boolean =>
  mayAskLender(funds, settings) || mayAskPerson(funds, settings);

/** Once at the soft limit, and after that whenever the next call would cost more than is left. A cheaper model saves money only, so no other kind counts. */
export function shouldDegrade(funds: Funds, { budget, onExhausted, models, limits }: Settings): boolean {
  const { purse, allowance = {}, used } = funds;
  if ((onExhausted !== 'degrade' && !purse.degrade) || purse.cheaper >= models - 1) return false;
  return [ownLimits(budget, purse), allowance].some(({ usd }) => {
    if (usd === undefined || used.usd === null || used.usd >= usd) return false;
    const money = { ...funds, allowance: undefined };
    return isShort(money, { usd }) || (purse.cheaper === 0 && isAtSoftLimit(money, { usd }, limits.softShare));
  });
}

/** The cost of the cheaper model is not known before it has answered. */
export const withCheaperModel = ({ purse, latest }: AgentContext): Partial<AgentContext> => ({
  purse: { ...purse, cheaper: purse.cheaper + 1 },
  latest: { ...latest, usd: 0 },
});

/** The request to the lender; undefined when nothing was lent. */
export const leaseRequestFor = (funds: Funds): TreasuryLease | undefined =>
  funds.purse.lease === undefined
    ? undefined
    : {
        type: 'treasury.lease',
        id: funds.purse.lease,
        wants: missingBudget(funds, funds.allowance ?? {}),
        used: budgetOfUsage(funds.used),
        ...reserveOf(funds),
        idle: true,
      };

const reserveOf = (funds: Funds): Pick<TreasuryLease, 'reserve'> => {
  const reserve = reservedTotal(funds);
  return reserve === undefined ? {} : { reserve };
};

export const isForLease = (
  { purse }: Pick<AgentContext, 'purse'>,
  event: { readonly type: string; readonly id?: unknown },
): boolean => purse.lease !== undefined && event.id === purse.lease;

/** The request was answered, granted or not: it is not made again. */
const withoutRequest = ({ calls: _calls, plea: _plea, ...purse }: Funding): Funding => purse;

export const takeLease = ({ purse }: AgentContext, event: AgentEvent): Partial<AgentContext> =>
  event.type === 'treasury.granted' ? { allowance: event.budget, purse: withoutRequest(purse) } : {};

/** The request was refused; what is left of the lease is less if others were lent of it meanwhile. */
export const takeRefusal = (event: AgentEvent): Partial<AgentContext> =>
  event.type === 'treasury.refused' && event.budget !== undefined ? { allowance: event.budget } : {};

export const takeGrant = ({ purse }: AgentContext, granted: Budget): Partial<AgentContext> => ({
  purse: { ...withoutRequest(purse), extra: { ...granted, ...addBudget(purse.extra ?? {}, granted) } },
});

export const noteCalls = ({ purse, used }: AgentContext): Partial<AgentContext> => ({
  purse: { ...purse, calls: used.toolCalls + 1 },
});

/** Writes the ticket on which a person is asked: what for, what the agent has, and what it has used. */
export const requestFunding = (context: AgentContext, { budget, name, limits }: Settings): Partial<AgentContext> => {
  const { used, purse } = context;
  const own = ownLimits(budget, purse);
  const asked = purse.asked + 1;
  const plea = fundingTicket({
    who: name === undefined ? 'The agent' : `The agent "${name}"`,
    budget: own,
    used: budgetOfUsage(used),
    lacks: subtractBudget(missingBudget(context, own), own),
    number: asked,
    patience: limits.approvalDeadline,
  });
  return { purse: { ...purse, plea, asked } };
};

/** What was used up when the person was asked. */
export const fundingFailure = ({ used, purse: { plea } }: AgentContext): Failure => {
  const { budget, asked } = propertiesOf(plea?.subject?.input);
  const lacks = isBudget(asked) ? asked : {};
  const kind = budgetKinds.find((each) => lacks[each] !== undefined) ?? 'steps';
  return budgetSpentFailure(kind, budgetOfUsage(used)[kind], isBudget(budget) ? (budget[kind] ?? 0) : 0);
};
