/** Supervisors that stand: started when they are first needed, handed one piece of work after another, alive until the run ends. Work is named by its place. */
import type { Work } from '../../src/contracts/work.ts';
import type { Handed, Membership } from '../member.ts';
import { placeOf } from '../place.ts';
import { openPlaces, type RunContext } from './context.ts';

export const standingId = (name: string): string => `standing.${name}`;

const ended = /^xstate\.(?:done|error)\.actor\.standing\.(.+)$/;
/** Who of those that stand has ended, which it must not while the run goes on. */
export const fallen = (eventType: string): string | undefined => ended.exec(eventType)?.[1];

export const workFor = ({ takes }: Membership, place: number, { type, body, left, ...more }: Handed): Work => ({
  type: 'work',
  id: String(place),
  message: { type: takes ?? type, body: body as Work['message']['body'] },
  ...(Object.keys(left).length > 0 ? { allowance: left } : {}),
  attempt: 1,
  facts: {},
  ...more,
});

/** The places where nobody is at work any more after this event; none when it tells of work that was given up. */
export function endedPlaces(context: RunContext, event: { readonly type: string; readonly id?: string }): number[] {
  const open = openPlaces(context);
  const name = fallen(event.type);
  if (name !== undefined) return open.filter((place) => context.members[place] === name);
  if (event.type !== 'work.done') return [placeOf(event.type)];
  return open.filter((place) => String(place) === event.id && context.standing.includes(context.members[place]!));
}
