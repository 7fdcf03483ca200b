/** What a pending holds, by its kind. The engine wrote it and the journal types it as JSON, so each reader is used for its own kind only. */
import type { Envelope } from '../contracts/envelope.ts';
import type { Pending } from '../journal/journal.ts';
import type { ChildData, EffectData, TimerData } from '../core/pendingSet.ts';

type Data = Pick<Pending, 'data'>;

/** Of a pending of kind `effect`: its name and its input. */
export const effectOf = ({ data }: Data): EffectData => data as unknown as EffectData;

/** Of a pending of kind `child`: its name, its input and its address. */
export const childOf = ({ data }: Data): ChildData => data as unknown as ChildData;

/** Of a pending of kind `timer`: the event that it sends, and to whom. */
export const timerOf = ({ data }: Data): TimerData => data as unknown as TimerData;

/** Of a pending of kind `message`: the message. */
export const envelopeIn = ({ data }: Data): Envelope => data as unknown as Envelope;

/** Of any pending: the fields that the kinds have in common, where it has them. */
export const fieldsOf = ({ data }: Data): Partial<EffectData> & { readonly event?: { readonly type: string } } =>
  data as unknown as Partial<EffectData>;

/** Is it the timer of the delay `deadline`, which every machine of ours has? */
export const isDeadline = (timer: Pending): boolean => timerOf(timer).event.type.startsWith('xstate.after.deadline.');
