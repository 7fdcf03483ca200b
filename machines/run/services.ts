/** Supervisors (`standing`): started when first needed, given one piece of work after another, alive until the run ends. Work is named by its slot. */
import type { Work } from '../../src/contracts/work.ts';
import { partsIn } from '../../src/contracts/parts.ts';
import { asZodJson } from '../json.ts';
import type { HandedMessage, MemberKind } from '../member.ts';
import { slotIndexOf } from '../slotIndex.ts';
import { activeMembers, type RunContext } from './context.ts';

export const serviceChildId = (name: string): string => `standing.${name}`;

const endedPattern = /^xstate\.(?:done|error)\.actor\.standing\.(.+)$/;
/** The name of the supervisor whose end the event is; undefined for any other event. */
export const endedService = (eventType: string): string | undefined => endedPattern.exec(eventType)?.[1];

/** A message as work for a supervisor. */
export const workForService = (
  { takes, facts = {} }: MemberKind,
  slotIndex: number,
  { type, body, parts, left, ...more }: HandedMessage,
): Work => ({
  type: 'work',
  id: String(slotIndex),
  message: { type: takes ?? type, body: asZodJson(body), ...partsIn(parts) },
  ...(Object.keys(left).length > 0 ? { allowance: left } : {}),
  attempt: 1,
  facts,
  ...more,
});

/** The slots whose work is over with this event; none when it is about work that was given up. */
export function endedSlots(context: RunContext, event: { readonly type: string; readonly id?: string }): number[] {
  const name = endedService(event.type);
  if (name === undefined && event.type !== 'work.done') return [slotIndexOf(event.type)];
  const isOver = (slotIndex: number, worker: string) =>
    name === undefined ? String(slotIndex) === event.id && context.standing.includes(worker) : worker === name;
  return activeMembers(context).flatMap((worker) => (isOver(worker.slotIndex, worker.name) ? [worker.slotIndex] : []));
}
