/**
 * What an agent lends to the agents and teams that work for it in one turn: a share for each, more as they ask, and what they did not use comes back.
 * It keeps what its own next answer is expected to cost.
 */
import type { Budget } from '../../src/contracts/agent.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import {
  isDeadlocked,
  couldComeFromAbove,
  neededAbove,
  firstServable,
  budgetUsedUp,
  refusalOf,
  spentOf,
} from '../treasury/context.ts';
import {
  addBudget,
  budgetOfUsage,
  mapBudget,
  openLedger,
  subtractBudget,
  withBudget,
  type Ledger,
} from '../treasury/ledger.ts';
import { learnCost } from '../treasury/costs.ts';
import { lendBudget, settleLease } from '../treasury/leases.ts';
import { leaseOffer } from '../treasury/offer.ts';
import { zeroUsage } from '../usage.ts';
import { lowerBudget } from './budget.ts';
import type { AgentContext } from './context.ts';
import { isCallEnd, toolOutcomeIn, type AgentEvent } from './events.ts';
import { slotIndexOf } from '../slotIndex.ts';
import { ownLimits } from './funding.ts';
import type { Funding, Loans } from './fundingState.ts';
import type { AgentSettings } from './settings.ts';

type Settings = Pick<AgentSettings, 'budget' | 'name'>;

/** A message that is sent about a loan: to the call of this index, or to the agent's own lender. */
export type LoanMessage = { readonly call: number; readonly event: TreasuryAnswer } | { readonly ask: TreasuryLease };

/** What changes when loans are made, and who is told. */
export interface LoanChange {
  readonly change: Pick<AgentContext, 'purse'>;
  readonly messages: readonly LoanMessage[];
}

const limitsOf = ({ purse, allowance }: AgentContext, { budget }: Settings): Budget =>
  lowerBudget(ownLimits(budget, purse), allowance);

/** The first shares of the calls that other agents and teams work on. Whoever gets none asks for one. */
export function openLoans(context: AgentContext, settings: Settings, made: number): Partial<AgentContext> {
  const { calls, purse, latest } = context;
  const places = calls.flatMap(({ delegated, answered }, index) => (delegated && !answered ? [index] : []));
  if (places.length === 0) return {};
  const used = { ...context.used, toolCalls: context.used.toolCalls + made };
  const spent = budgetOfUsage(used);
  const expected = { steps: 1, tokens: latest.tokens, usd: latest.usd, toolCalls: 0 };
  const limits = openLedger(limitsOf(context, settings), { asksFirst: true });
  const left = subtractBudget(limits.free, spent);
  const kept = mapBudget(left, (kind, amount) => Math.min(Math.max(0, amount), expected[kind]));
  const id = `${purse.lease ?? 'lease'}/${context.used.steps}`;
  const request: TreasuryLease = {
    type: 'treasury.lease',
    id,
    wants: {},
    of: places.map((index) => calls[index]?.name ?? ''),
  };
  const open: Ledger = {
    ...limits,
    free: left,
    used: mapBudget(limits.budget, (kind) => spent[kind]),
    ...(purse.costs === undefined ? {} : { costs: purse.costs }),
  };
  const lent = lendBudget(open, request, leaseOffer(open, request) ?? mapBudget(open.free, () => 0));
  // The first shares are of all that is left. What is kept is not lent beyond them.
  const books = { ...lent, budget: subtractBudget(lent.budget, kept), free: subtractBudget(lent.free, kept) };
  return {
    calls: calls.map((call, index) =>
      places.includes(index) ? { ...call, lease: `${id}.${places.indexOf(index)}` } : call,
    ),
    purse: { ...purse, loans: { books, queue: [], kept } },
  };
}

/** What the delegate of a call is told of its share; nothing where nothing was lent. */
export function loanOf({ calls, purse }: AgentContext, index: number): { left?: Budget; lease?: string } {
  const lease = calls[index]?.lease;
  const left = lease === undefined ? undefined : purse.loans?.books.leases[lease]?.budget;
  return lease === undefined || left === undefined ? {} : { left, lease };
}

/** A delegate asks for more. */
export function lend(context: AgentContext, settings: Settings, event: AgentEvent): LoanChange | undefined {
  const { loans } = context.purse;
  if (loans === undefined || event.type !== 'treasury.lease' || loans.books.leases[event.id] === undefined)
    return undefined;
  const queue = [...loans.queue.filter(({ id }) => id !== event.id), event];
  return served(context, settings, { ...loans, books: learnCost(loans.books, event.id, event.used), queue });
}

/** The call of a delegate has ended: what it did not use is free again. */
export function settleLoan(context: AgentContext, settings: Settings, event: AgentEvent): LoanChange | undefined {
  const loans = settled(context, event);
  return loans && served(context, settings, loans);
}

function settled({ purse: { loans }, calls }: AgentContext, event: AgentEvent): Loans | undefined {
  const lease = isCallEnd(event) ? calls[slotIndexOf(event.type)]?.lease : undefined;
  if (loans === undefined || lease === undefined) return undefined;
  const { usage = zeroUsage } = toolOutcomeIn(event);
  return {
    ...loans,
    books: settleLease(loans.books, lease, usage),
    queue: loans.queue.filter(({ id }) => id !== lease),
  };
}

/** The agent's own lender has given more. */
export function lendMore(context: AgentContext, settings: Settings, event: AgentEvent): LoanChange | undefined {
  const { loans } = context.purse;
  if (loans === undefined || event.type !== 'treasury.granted') return undefined;
  const { hasAsked: _, ...rest } = loans;
  const more = { ...context, allowance: event.budget };
  const books = withBudget(loans.books, subtractBudget(openLedger(limitsOf(more, settings)).budget, loans.kept));
  return served(more, settings, { ...rest, books });
}

/** The agent's own lender has no more: the request that came first is refused, if it still waits for nothing else. */
export function lendNoMore(context: AgentContext, settings: Settings, event: AgentEvent): LoanChange | undefined {
  const { loans } = context.purse;
  if (loans === undefined || event.type !== 'treasury.refused') return undefined;
  const { hasAsked: _, ...rest } = loans;
  const [first, ...queue] = rest.queue;
  if (!first || !isDeadlocked(rest)) return served(context, settings, rest);
  const { change, messages } = served(context, settings, { ...rest, queue });
  return { change, messages: [...answer(context, refusalOf(rest, first, event.failure)), ...messages] };
}

/** The turn is left. What calls cost is remembered for the next one. */
export function closeLoans(context: AgentContext, event: AgentEvent): Funding {
  const { loans = settled(context, event), ...purse } = context.purse;
  const { costs } = (settled(context, event) ?? loans)?.books ?? {};
  return costs === undefined ? purse : { ...purse, costs };
}

const answer = ({ calls }: AgentContext, event: TreasuryAnswer): LoanMessage[] => {
  const call = calls.findIndex(({ lease }) => lease === event.id);
  return call < 0 ? [] : [{ call, event }];
};

/** Serves what can be served. When nothing will come back, the agent's own lender is asked; otherwise the request that came first is refused. */
function served(context: AgentContext, settings: Settings, given: Loans): LoanChange {
  const messages: LoanMessage[] = [];
  let loans = given;
  for (;;) {
    const next = firstServable(loans);
    if (next) {
      const { request, budget, books } = next;
      messages.push(...answer(context, { type: 'treasury.granted', id: request.id, budget }));
      loans = {
        ...loans,
        books: lendBudget(books, request, budget),
        queue: loans.queue.filter((other) => other !== request),
      };
      continue;
    }
    const [first, ...queue] = loans.queue;
    if (!first || loans.hasAsked || !isDeadlocked(loans)) break;
    const ask = requestAbove(context, settings, loans);
    if (ask) {
      messages.push({ ask });
      loans = { ...loans, hasAsked: true };
      break;
    }
    const { name } = settings;
    const failure = budgetUsedUp({ ...loans, who: name === undefined ? 'the agent' : `the agent "${name}"` });
    messages.push(...answer(context, refusalOf(loans, first, failure)));
    loans = { ...loans, queue };
  }
  const { allowance, purse } = context;
  return { change: { ...(allowance === undefined ? {} : { allowance }), purse: { ...purse, loans } }, messages };
}

/** The request to the agent's own lender, where that is what limits it. */
function requestAbove(
  { purse, allowance }: AgentContext,
  { budget }: Settings,
  loans: Loans,
): TreasuryLease | undefined {
  if (purse.lease === undefined) return undefined;
  const lender = {
    ...loans,
    budget: subtractBudget(ownLimits(budget, purse), loans.kept),
    lease: { id: purse.lease, budget: allowance ?? {} },
  };
  if (!couldComeFromAbove(lender)) return undefined;
  return {
    type: 'treasury.lease',
    id: purse.lease,
    wants: addBudget(neededAbove(lender), loans.kept),
    used: spentOf(loans).used,
  };
}
