/** One step of a router while it is worked out: a copy of its context to change, the event's context (time, chance, deadline), and the actions that it may take. */
import type { Json } from '../../src/values/json.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import type { Work, WorkDone } from '../../src/contracts/work.ts';
import { spawnByName } from '../spawnByName.ts';
import type { MemberCommandEvent } from '../member.ts';
import type { EventContext } from '../../src/contracts/eventContext.ts';
import { parent } from '../parent.ts';
import type { TaskJob, QueuedTask, RouterContext, RotationEntry } from './context.ts';
import type { RouterMember, RouterSettings } from './settings.ts';

/** What a router raises for itself after some time. */
export type RouterTimerEvent =
  | { readonly type: 'attempt.late'; readonly place: number }
  | { readonly type: 'grace.over'; readonly place: number }
  | { readonly type: 'task.again'; readonly place: number }
  | { readonly type: 'task.due'; readonly seq: number }
  | { readonly type: 'member.rested'; readonly member: number };

/** The actions of one step, performed in the order in which they were called. */
export interface RouterActions {
  spawn(source: string, id: string, input: object): void;
  /** Ends a child, whatever it is doing. */
  stop(id: string): void;
  send(to: string, event: Work | MemberCommandEvent | TreasuryAnswer): void;
  /** Sends the end of work to the parent that handed it on. */
  answerWork(event: WorkDone): void;
  /** Sends a request for a larger lease to the parent. */
  requestLease(event: TreasuryLease): void;
  append(list: string, entry: Json): void;
  /** Raises the event after so many milliseconds. A second timer with the same id replaces the first. */
  startTimer(id: string, event: RouterTimerEvent, delay: number): void;
  /** Cancels a timer. */
  cancelTimer(id: string): void;
}

/** A step while it is worked out. `context` may be changed. */
export interface RouterDraft {
  readonly settings: RouterSettings;
  readonly eventContext: EventContext;
  readonly actions: RouterActions;
  readonly context: { -readonly [K in keyof RouterContext]: RouterContext[K] };
}

/** The part of XState's `enqueue` that a router uses. */
interface Enqueue {
  (action: { readonly type: 'append'; readonly params: { list: string; entry: Json } }): void;
  readonly spawnChild: (...args: never) => void;
  stopChild(id: string): void;
  sendTo(to: string | typeof parent, event: { readonly type: string }): void;
  raise(event: RouterTimerEvent, options: { id: string; delay: number }): void;
  cancel(id: string): void;
}

export const stepActionsOf = (enqueue: Enqueue): RouterActions => ({
  spawn: (source, id, input) => spawnByName(enqueue, source, id, input),
  stop: (id) => enqueue.stopChild(id),
  send: (to, event) => enqueue.sendTo(to, event),
  answerWork: (event) => enqueue.sendTo(parent, event),
  requestLease: (event) => enqueue.sendTo(parent, event),
  append: (list, entry) => enqueue({ type: 'append', params: { list, entry } }),
  startTimer: (id, event, delay) => enqueue.raise(event, { id, delay }),
  cancelTimer: (id) => enqueue.cancel(id),
});

/** The child that has the job in a slot, and the timers for it. */
export const taskChildId = (slotIndex: number): string => `task.${slotIndex}`;
export const selectorChildId = (slotIndex: number): string => `select.${slotIndex}`;
export const attemptTimerId = (slotIndex: number): string => `late.${slotIndex}`;
export const graceTimerId = (slotIndex: number): string => `grace.${slotIndex}`;
export const retryTimerId = (slotIndex: number): string => `pause.${slotIndex}`;
export const deadlineTimerId = (seq: number): string => `due.${seq}`;
export const restTimerId = (member: number): string => `rest.${member}`;

/** The id of an attempt as work, for supervisors and guardrails. */
export const workIdOf = ({ seq, member, attempts }: Pick<TaskJob, 'seq' | 'member' | 'attempts'>): string =>
  `${seq}.${member}.${attempts}`;

/** The id of the task. Every task has one by the time it is in the list. */
export const taskIdOf = ({ task }: Pick<QueuedTask, 'task'>): string => task.id ?? '';

export function putJob({ context }: RouterDraft, slotIndex: number, job: TaskJob | null): void {
  const jobs = [...context.jobs];
  jobs[slotIndex] = job;
  context.jobs = jobs;
}

/** The first free slot. A slot is used again when it is free. */
export function freeJobSlot({ jobs }: Pick<RouterContext, 'jobs'>): number {
  const free = jobs.indexOf(null);
  return free < 0 ? jobs.length : free;
}

/** The settings of a member. Throws when there is none of this number: members are numbered in the order of the settings. */
export function memberProfileAt({ settings }: Pick<RouterDraft, 'settings'>, member: number): RouterMember {
  const profile = settings.members[member];
  if (!profile) throw new Error(`The router has no member ${member}.`);
  return profile;
}

/** The state of a member in the rotation. Throws when there is none of this number. */
export function rotationEntryAt({ context }: Pick<RouterDraft, 'context'>, member: number): RotationEntry {
  const entry = context.seats[member];
  if (!entry) throw new Error(`The router has no member ${member}.`);
  return entry;
}

/** Changes the state of a member in the rotation. */
export function updateRotationEntry(draft: RouterDraft, member: number, change: Partial<RotationEntry>): void {
  draft.context.seats = draft.context.seats.with(member, { ...rotationEntryAt(draft, member), ...change });
}
