/**
 * The budget of a run, if its team or its sender set one: the run's treasurer lends it, and the run passes the messages between
 * holders and lenders. The id of a lease begins with that of the run's own lease, so that no two in a tree of runs are alike.
 */
import type { TreasuryAnswer, TreasuryLease, TreasurySettle } from '../../src/contracts/treasury.ts';
import { lowerBudget } from '../agent/budget.ts';
import { budgetKinds } from '../treasury/ledger.ts';
import type { TreasuryInput } from '../treasury/context.ts';
import type { RunContext } from './context.ts';
import type { RunEvent } from './events.ts';
import type { RunSettings } from './settings.ts';

export const treasurerId = 'treasurer';

type Facts = Pick<RunContext, 'budget' | 'lease' | 'leases' | 'asks' | 'sending'>;

/** Whether a limit is set. Without one there is no treasurer. */
export const hasBudget = ({ budget }: Pick<Facts, 'budget'>, settings: RunSettings): boolean =>
  budgetKinds.some((kind) => lowerBudget(settings.budget, budget)[kind] !== undefined);

/** The treasurer's input. The budget that the run was given is a lease if it came with the name of one; otherwise it is a limit like the team's own. */
export function treasurerInput(
  { budget, lease }: Pick<Facts, 'budget' | 'lease'>,
  { budget: own, limits, onExhausted = 'fail', name, asksFirst }: RunSettings,
): TreasuryInput {
  return {
    who: name === undefined ? 'The team' : `The team "${name}"`,
    budget: lease === undefined ? lowerBudget(own, budget) : own,
    ...(lease === undefined ? {} : { lease: { id: lease, budget: budget ?? {} } }),
    onExhausted,
    patience: limits.patience,
    ...(asksFirst ? { asksFirst } : {}),
  };
}

/** The request of one lease for each message that is to be sent next. */
export const leaseRequestOf = ({ lease, asks }: Facts, to: readonly string[]): TreasuryLease => ({
  type: 'treasury.lease',
  id: `${lease ?? 'lease'}/${asks}`,
  wants: {},
  of: [...to],
});
/** The id of the nth of these leases. */
export const leaseIdOf = ({ id }: { id: string }, nth: number): string => `${id}.${nth}`;

/** Whether this answers the request that the run itself waits for. */
export const answersOwnRequest = (
  { sending }: Facts,
  event: { readonly type: string; readonly id?: unknown },
): boolean => sending !== undefined && event.id === sending.id;

/** Whether the event is a request for a lease, or the answer to one. */
export const isLeaseMessage = (event: RunEvent): event is TreasuryLease | TreasuryAnswer =>
  event.type === 'treasury.lease' || event.type === 'treasury.granted' || event.type === 'treasury.refused';

/** Where a budget message goes from here; a number is the slot of a member. Undefined when its holder has ended. */
export function leaseRecipient(
  { lease, leases }: Facts,
  message: TreasuryLease | TreasuryAnswer | TreasurySettle,
): 'above' | 'treasurer' | number | undefined {
  if (message.type === 'treasury.lease') return message.id === lease ? 'above' : 'treasurer';
  if (message.id === lease) return 'treasurer';
  const slotIndex = leases.indexOf(message.id);
  return slotIndex < 0 ? undefined : slotIndex;
}

/** What a member is told of its lease: the name under which it may ask for more. */
export const leaseForMember = (
  lease: string | undefined,
  { onExhausted }: RunSettings,
): { lease?: string; degrade?: true } => ({
  ...(lease === undefined ? {} : { lease }),
  ...(lease !== undefined && onExhausted === 'degrade' ? { degrade: true } : {}),
});
