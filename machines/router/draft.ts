/** One step of a router while it is worked out: a copy of its facts to change, the moment of the event, and the actions that it may take. */
import type { Json } from '../../src/values/json.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import type { Work, WorkDone } from '../../src/contracts/work.ts';
import { spawnNamed } from '../spawnByName.ts';
import type { MemberSignal } from '../member.ts';
import type { Moment } from '../eventContext.ts';
import { parent } from '../parent.ts';
import type { Job, Queued, RouterContext, Seat } from './context.ts';
import type { Profile, RouterSettings } from './settings.ts';

/** What a router raises for itself after some time. */
export type Alarm =
  | { readonly type: 'attempt.late'; readonly place: number }
  | { readonly type: 'grace.over'; readonly place: number }
  | { readonly type: 'task.again'; readonly place: number }
  | { readonly type: 'task.due'; readonly seq: number }
  | { readonly type: 'member.rested'; readonly member: number };

/** The actions of one step, performed in the order in which they were called. */
export interface Deeds {
  spawn(source: string, id: string, input: object): void;
  /** Ends a child, whatever it is doing. */
  stop(id: string): void;
  send(to: string, event: Work | MemberSignal | TreasuryAnswer): void;
  /** Sends the end of work to the parent that handed it on. */
  answer(event: WorkDone): void;
  /** Sends a request for a larger lease to the parent. */
  askAbove(event: TreasuryLease): void;
  append(list: string, entry: Json): void;
  /** Raises the event after so many milliseconds. A second alarm with the same id replaces the first. */
  alarm(id: string, event: Alarm, delay: number): void;
  /** Cancels an alarm. */
  calm(id: string): void;
}

/** A step while it is worked out. `facts` may be changed. */
export interface Desk {
  readonly settings: RouterSettings;
  readonly moment: Moment;
  readonly deeds: Deeds;
  readonly facts: { -readonly [K in keyof RouterContext]: RouterContext[K] };
}

/** The part of XState's `enqueue` that a router uses. */
interface Enqueue {
  (action: { readonly type: 'append'; readonly params: { list: string; entry: Json } }): void;
  readonly spawnChild: (...args: never) => void;
  stopChild(id: string): void;
  sendTo(to: string | typeof parent, event: { readonly type: string }): void;
  raise(event: Alarm, options: { id: string; delay: number }): void;
  cancel(id: string): void;
}

export const deedsOf = (enqueue: Enqueue): Deeds => ({
  spawn: (source, id, input) => spawnNamed(enqueue, source, id, input),
  stop: (id) => enqueue.stopChild(id),
  send: (to, event) => enqueue.sendTo(to, event),
  answer: (event) => enqueue.sendTo(parent, event),
  askAbove: (event) => enqueue.sendTo(parent, event),
  append: (list, entry) => enqueue({ type: 'append', params: { list, entry } }),
  alarm: (id, event, delay) => enqueue.raise(event, { id, delay }),
  calm: (id) => enqueue.cancel(id),
});

/** The child that has the job at a place, and the alarms for it. */
export const childAt = (place: number): string => `task.${place}`;
export const selectorAt = (place: number): string => `select.${place}`;
export const lateAt = (place: number): string => `late.${place}`;
export const graceAt = (place: number): string => `grace.${place}`;
export const pauseAt = (place: number): string => `pause.${place}`;
export const dueOf = (seq: number): string => `due.${seq}`;
export const restOf = (member: number): string => `rest.${member}`;

/** The id of an attempt as work, for supervisors and guardrails. */
export const workOf = ({ seq, member, attempts }: Pick<Job, 'seq' | 'member' | 'attempts'>): string =>
  `${seq}.${member}.${attempts}`;

/** The id of the task. Every task has one by the time it is in the list. */
export const idOf = ({ task }: Pick<Queued, 'task'>): string => task.id ?? '';

export function put({ facts }: Desk, place: number, job: Job | null): void {
  const jobs = [...facts.jobs];
  jobs[place] = job;
  facts.jobs = jobs;
}

/** The first free place. A place is used again when it is free. */
export function freePlace({ jobs }: Pick<RouterContext, 'jobs'>): number {
  const free = jobs.indexOf(null);
  return free < 0 ? jobs.length : free;
}

/** The settings of a member. Throws when there is none of this number: members are numbered in the order of the settings. */
export function profileOf({ settings }: Pick<Desk, 'settings'>, member: number): Profile {
  const profile = settings.members[member];
  if (!profile) throw new Error(`The router has no member ${member}.`);
  return profile;
}

/** The state of a member in the rotation. Throws when there is none of this number. */
export function seatAt({ facts }: Pick<Desk, 'facts'>, member: number): Seat {
  const seat = facts.seats[member];
  if (!seat) throw new Error(`The router has no member ${member}.`);
  return seat;
}

/** Changes the state of a member in the rotation. */
export function seat(draft: Desk, member: number, change: Partial<Seat>): void {
  draft.facts.seats = draft.facts.seats.with(member, { ...seatAt(draft, member), ...change });
}
