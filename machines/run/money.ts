/**
 * The money of a run, where its team or whoever started it set a budget: its treasurer lends, and the run carries the words between
 * those who spend and those who lend. Names of leases begin with that of the run's own, so that in a tree of runs no two are alike.
 */
import type { TreasuryAnswer, TreasuryLease, TreasurySettle } from '../../src/contracts/treasury.ts';
import { tighter } from '../agent/money.ts';
import { kinds } from '../treasury/books.ts';
import type { TreasuryInput } from '../treasury/vocabulary.ts';
import type { RunContext } from './context.ts';
import type { RunSettings } from './limits.ts';

export const treasurerId = 'treasurer';

type Word = TreasuryLease | TreasuryAnswer | TreasurySettle;
type Facts = Pick<RunContext, 'budget' | 'lease' | 'leases' | 'asks' | 'sending'>;

/** Without a budget there is no treasurer, and nothing of this happens. */
export const hasBudget = ({ budget }: Pick<Facts, 'budget'>, settings: RunSettings): boolean =>
  kinds.some((kind) => tighter(settings.budget, budget)[kind] !== undefined);

/** What the run was given is a lease where somebody above lends it; otherwise it is a limit like its team's own. */
export function treasuryOf(
  { budget, lease }: Pick<Facts, 'budget' | 'lease'>,
  { budget: own, limits, onExhausted = 'fail', name }: RunSettings,
): TreasuryInput {
  return {
    who: name === undefined ? 'The team' : `The team "${name}"`,
    budget: lease === undefined ? tighter(own, budget) : own,
    ...(lease === undefined ? {} : { lease: { id: lease, budget: budget ?? {} } }),
    onExhausted,
    patience: limits.patience,
  };
}

/** The request for the messages that are to be sent next. */
export const requestOf = ({ lease, asks }: Facts, to: readonly string[]): TreasuryLease => ({
  type: 'treasury.lease',
  id: `${lease ?? 'lease'}/${asks}`,
  wants: {},
  of: [...to],
});
/** The lease of the nth of them. */
export const leaseOf = ({ id }: { id: string }, nth: number): string => `${id}.${nth}`;

/** Is this the answer to the request that the run itself waits for? */
export const isOurs = ({ sending }: Facts, event: { readonly type: string; readonly id?: unknown }): boolean =>
  sending !== undefined && event.id === sending.id;

/** Where a word about money goes from here. Undefined when nobody is there any more who spends. */
export function carried({ lease, leases }: Facts, word: Word): 'above' | 'treasurer' | number | undefined {
  if (word.type === 'treasury.lease') return word.id === lease ? 'above' : 'treasurer';
  if (word.id === lease) return 'treasurer';
  const place = leases.indexOf(word.id);
  return place < 0 ? undefined : place;
}

/** What a member is told of its lease, so that it knows what to call it when it needs more. */
export const lent = (lease: string | undefined, { onExhausted }: RunSettings): { lease?: string; degrade?: true } => ({
  ...(lease === undefined ? {} : { lease }),
  ...(lease !== undefined && onExhausted === 'degrade' ? { degrade: true } : {}),
});
