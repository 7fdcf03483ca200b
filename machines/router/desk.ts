/** What a router works at in one step: a copy of its facts to change, the moment, and what it may wish for. */
import type { Json, JsonObject } from '../../src/contracts/json.ts';
import type { TreasuryLease } from '../../src/contracts/treasury.ts';
import type { WorkDone } from '../../src/contracts/work.ts';
import type { Moment } from '../moment.ts';
import { parent } from '../parent.ts';
import type { Job, Queued, RouterContext, Seat } from './context.ts';
import type { RouterSettings } from './settings.ts';

/** What a router says to itself after some time. */
export type Alarm =
  | { readonly type: 'attempt.late'; readonly place: number }
  | { readonly type: 'grace.over'; readonly place: number }
  | { readonly type: 'task.again'; readonly place: number }
  | { readonly type: 'task.due'; readonly seq: number }
  | { readonly type: 'member.rested'; readonly member: number };

export interface Deeds {
  spawn(src: string, id: string, input: Json): void;
  /** Lets go of a child, whatever it is doing. */
  stop(id: string): void;
  send(to: string, event: { readonly type: string } & JsonObject): void;
  /** To whoever handed work on. */
  answer(event: WorkDone): void;
  /** To whoever lends. */
  askAbove(event: TreasuryLease): void;
  append(list: string, entry: Json): void;
  /** The same id again replaces the alarm that had it. Milliseconds. */
  alarm(id: string, event: Alarm, delay: number): void;
  calm(id: string): void;
}

export interface Desk {
  readonly settings: RouterSettings;
  readonly moment: Moment;
  readonly deeds: Deeds;
  readonly facts: { -readonly [K in keyof RouterContext]: RouterContext[K] };
}

interface Enqueue {
  (action: unknown): void;
  spawnChild(src: never, options: never): void;
  stopChild(id: string): void;
  sendTo(to: never, event: never): void;
  raise(event: never, options: { id: string; delay: number }): void;
  cancel(id: string): void;
}

/** XState knows children and events by the types of the chart; a router's members have names that only its settings know. */
export function deedsOf(given: unknown): Deeds {
  const enqueue = given as Enqueue;
  return {
    spawn: (src, id, input) => enqueue.spawnChild(src as never, { id, input } as never),
    stop: (id) => enqueue.stopChild(id),
    send: (to, event) => enqueue.sendTo(to as never, event as never),
    answer: (event) => enqueue.sendTo(parent as never, event as never),
    askAbove: (event) => enqueue.sendTo(parent as never, event as never),
    append: (list, entry) => enqueue({ type: 'append', params: { list, entry } }),
    alarm: (id, event, delay) => enqueue.raise(event as never, { id, delay }),
    calm: (id) => enqueue.cancel(id),
  };
}

/** The child that has the job at a place, and the alarms for it. */
export const childAt = (place: number): string => `task.${place}`;
export const selectorAt = (place: number): string => `select.${place}`;
export const lateAt = (place: number): string => `late.${place}`;
export const graceAt = (place: number): string => `grace.${place}`;
export const pauseAt = (place: number): string => `pause.${place}`;
export const dueOf = (seq: number): string => `due.${seq}`;
export const restOf = (member: number): string => `rest.${member}`;

/** What an attempt is called where others have part in it. */
export const workOf = ({ seq, member, attempts }: Pick<Job, 'seq' | 'member' | 'attempts'>): string =>
  `${seq}.${member}.${attempts}`;

/** Every task has one by the time it is in the list. */
export const idOf = ({ task }: Pick<Queued, 'task'>): string => task.id ?? '';

export function put({ facts }: Desk, place: number, job: Job | null): void {
  const jobs = [...facts.jobs];
  jobs[place] = job;
  facts.jobs = jobs;
}

/** A place is used again when it is free. */
export function freePlace({ jobs }: Pick<RouterContext, 'jobs'>): number {
  const free = jobs.indexOf(null);
  return free < 0 ? jobs.length : free;
}

export function seat({ facts }: Desk, member: number, change: Partial<Seat>): void {
  const seats = [...facts.seats];
  seats[member] = { ...seats[member]!, ...change };
  facts.seats = seats;
}
