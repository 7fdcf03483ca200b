/**
 * Messages about budgets in a tree of runs. A spender holds a lease: a reservation for it alone until it is settled.
 * A lease is asked for by name, with the total it should come to; asking again for the same total reserves nothing twice.
 */
import * as z from 'zod';
import { AgentUsage, Budget } from './agent.ts';
import { Failure } from '../values/failure.ts';

/** From a spender to its parent, and from there to the treasurer. */
export const TreasuryLease = z.object({
  type: z.literal('treasury.lease'),
  /** Fixed by the step that asks. */
  id: z.string().min(1),
  /** The smallest total that is of use; a kind that is missing is not required. */
  wants: Budget,
  /** How much of the lease was used so far, for the decision. */
  used: Budget.optional(),
  /** The total with which the next call cannot exceed the lease, where that is known. Less, but not less than `wants`, is enough once nobody could give anything back. */
  reserve: Budget.optional(),
  /** The spender makes no call until it is answered: what it has not used may be lent to others meanwhile. */
  idle: z.literal(true).optional(),
  /** Asked for several at once, by name: each gets the same, as `<id>.<place>`, or none gets anything. */
  of: z.array(z.string()).min(1).optional(),
});
export type TreasuryLease = z.infer<typeof TreasuryLease>;

/** The total of the lease now; for several, of each. */
export const TreasuryGranted = z.object({ type: z.literal('treasury.granted'), id: z.string(), budget: Budget });
export type TreasuryGranted = z.infer<typeof TreasuryGranted>;

/** No more can be given. What was granted before stays, unless `budget` says what is left of it. */
export const TreasuryRefused = z.object({
  type: z.literal('treasury.refused'),
  id: z.string(),
  failure: Failure,
  /** The total of the lease now, where some of it was lent to others while the spender waited. */
  budget: Budget.optional(),
});
export type TreasuryRefused = z.infer<typeof TreasuryRefused>;

/** The end of a lease: what was really used. The rest is free again. */
export const TreasurySettle = z.object({ type: z.literal('treasury.settle'), id: z.string(), used: AgentUsage });
export type TreasurySettle = z.infer<typeof TreasurySettle>;

/** What a lease that was asked for may be answered with. */
export const TreasuryAnswer = z.discriminatedUnion('type', [TreasuryGranted, TreasuryRefused]);
export type TreasuryAnswer = z.infer<typeof TreasuryAnswer>;

/** Everything the treasurer receives, and its answers. */
export const TreasurySignal = z.discriminatedUnion('type', [
  TreasuryLease,
  TreasuryGranted,
  TreasuryRefused,
  TreasurySettle,
  /** Ends the treasurer. */
  z.object({ type: z.literal('treasury.close') }),
]);
export type TreasurySignal = z.infer<typeof TreasurySignal>;

/** What may happen when a budget has no room for another step. */
export const onExhausted = ['fail', 'ask', 'degrade'] as const;
/** `fail`: the work fails. `ask`: a person gets a ticket for more. `degrade`: cheaper models take over. */
export type OnExhausted = (typeof onExhausted)[number];

/** A person's answer to a ticket about budget: so much more, or no. */
export const Grant = z.object({ granted: Budget.optional(), refused: z.string().optional() });
export type Grant = z.infer<typeof Grant>;
