/** The words a router is written in. */
import { assign, raise, setup, type DoneActorEvent, type ErrorActorEvent } from 'xstate';
import type { AgentOutput, AgentUsage } from '../../src/contracts/agent.ts';
import type { RunOutput } from '../../src/contracts/run.ts';
import type { RouterOutput, RouterSignal, Task, TaskResult } from '../../src/contracts/task.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import type { Work, WorkDone, WorkSignal } from '../../src/contracts/work.ts';
import { expired, failure, failureOf } from '../failure.ts';
import { momentOf } from '../moment.ts';
import { outputOf } from '../output.ts';
import { placeOf } from '../place.ts';
import { fallen } from '../run/standing.ts';
import { engineActions, slot } from '../slot.ts';
import { conclude, failedBy, land, placeOfWork, stop } from './attempt.ts';
import { configure } from './configure.ts';
import {
  isOver,
  lookahead,
  openJobs,
  seatOf,
  type Filed,
  type Queued,
  type RouterContext,
  type RouterStart,
} from './context.ts';
import { deedsOf, idOf, put, seat, type Alarm, type Desk } from './desk.ts';
import { dispatch } from './dispatch.ts';
import { incapable } from './finish.ts';
import { cancelWork, halt, hold, overdue } from './halt.ts';
import { tellMember, whoIs } from './hand.ts';
import { askAbove, takeAnswer } from './money.ts';
import { load, submit, takeWork } from './intake.ts';
import { absolve, rested } from './rotation.ts';
import { charge } from './steps.ts';
import { defaultRouterSettings, longest, type RouterSettings } from './settings.ts';

/** Which tasks of the list are read back. */
export interface Reading {
  readonly from: number;
  readonly count: number;
}
/** Who shall have a task: the candidates are in rotation, in the order they were registered. */
export interface Selection {
  readonly task: Task;
  readonly candidates: readonly { readonly id: string; readonly role?: string }[];
}
export interface Selected {
  readonly member: string;
  readonly reason?: string;
  /** What choosing took, where a model was asked. */
  readonly usage?: AgentUsage;
}

export type RouterEvent =
  | RouterSignal
  | Work
  | WorkDone
  | WorkSignal
  | TreasuryLease
  | TreasuryAnswer
  | Alarm
  | { type: 'router.settled' }
  /** From the engine: the deadline that the run was started with has passed. */
  | { type: 'troupe.deadline' }
  | DoneActorEvent<readonly Filed[], 'load'>
  | DoneActorEvent<readonly TaskResult[], 'collect'>
  | DoneActorEvent<AgentOutput | RunOutput, `task.${number}`>
  | ErrorActorEvent<unknown, `task.${number}`>
  | DoneActorEvent<Selected, `select.${number}`>
  | ErrorActorEvent<unknown, `select.${number}`>
  | DoneActorEvent<unknown, `standing.${string}`>
  | ErrorActorEvent<unknown, `standing.${string}`>
  | DoneActorEvent<unknown, 'guard'>
  | ErrorActorEvent<unknown, 'guard'>
  | ErrorActorEvent;
type Of<T extends string> = Extract<RouterEvent, { type: T }>;

/** What the child said at its end. The type of the event names the child by its place, which no union can hold. */
const outputIn = <T>(event: RouterEvent): T => (event as unknown as { output: T }).output;
const errorIn = (event: RouterEvent): unknown => (event as unknown as { error: unknown }).error;

/** One that stands has no end of its own, unless it is given one. */
export function routerGuardsOf({ deadline }: RouterSettings) {
  return {
    isBounded: ({ context }: { context: RouterContext }) =>
      context.serves ? false : deadline !== undefined || !context.standing,
  };
}
export const routerDelaysOf = ({ deadline = longest }: RouterSettings) => ({ deadline });

const base = setup({
  types: {} as {
    context: RouterContext;
    input: RouterStart;
    events: RouterEvent;
    output: RouterOutput;
    tags: 'paused';
  },
  actors: {
    load: slot<readonly Filed[], Reading>('load'),
    collect: slot<readonly TaskResult[], null>('collect'),
  },
  delays: routerDelaysOf(defaultRouterSettings),
  guards: {
    isDue: ({ context }) => context.due,
    isOver: ({ context }) => isOver(context),
    ...routerGuardsOf(defaultRouterSettings),
    /** The queue runs low, and there is more in the list. */
    hasMore: ({ context }) =>
      context.loaded < context.submitted &&
      (context.halt !== undefined || context.queue.length < lookahead(context) / 2),
    takesTasks: ({ context }) => context.standing && !context.closed,
    isCompleted: ({ context }) => context.halt === undefined,
    isCancelled: ({ context }) => context.halt?.kind === 'cancelled',
  },
  actions: engineActions,
});

/** Actions that do something at the desk. They depend on what the router is made of, and are made anew from it. */
export function routerActionsOf(settings: RouterSettings) {
  const at = <T extends string = RouterEvent['type']>(work: (desk: Desk, event: Of<T>) => void) =>
    base.enqueueActions(({ context, event, enqueue }) => {
      const desk: Desk = { settings, moment: momentOf(event), deeds: deedsOf(enqueue), facts: { ...context } };
      // The transition that takes the action says which event it is.
      work(desk, event as Of<T>);
      enqueue.assign(desk.facts);
    });
  const tell = (what: 'pause' | 'resume') =>
    at((desk, event) => {
      const { id } = event as { id?: string };
      const isMeant = ({ work }: Queued) => id === undefined || work === id;
      for (const job of openJobs(desk.facts))
        if (job.stage === 'working' && isMeant(job)) tellMember(desk, job, job.place, what);
      // Of the whole router its state tells; of one piece of work it is noted, for what is not begun yet.
      if (event.type.startsWith('work.')) hold(desk, isMeant, what === 'pause');
      desk.facts.due = true;
    });
  return {
    open: at((desk) => {
      const { facts } = desk;
      const mode = facts.mode === '' ? settings.mode : facts.mode;
      facts.mode = mode;
      facts.places = settings.places(mode);
      facts.limits = settings.limits;
      facts.seats = settings.members.map(({ id }) => seatOf(id));
      if (settings.entry === 'guard') desk.deeds.spawn('guard', 'guard', { standing: true });
      submit(desk, facts.first ?? []);
      facts.first = undefined;
    }),
    dispatch: at(dispatch),
    takeTask: at<'orchestra.task'>((desk, { task }) => submit(desk, [task])),
    takeWork: at<'work'>(takeWork),
    takeLoaded: at((desk, event) => load(desk, outputIn<readonly Filed[]>(event))),
    takeEnd: at((desk, event) => {
      const place = placeOf(event.type);
      land(desk, place, outputOf(event, whoIs(desk, desk.facts.jobs[place]?.member ?? -1)));
    }),
    takeFailure: at((desk, event) => land(desk, placeOf(event.type), failureOf(errorIn(event)))),
    takeDone: at<'work.done'>((desk, done) => {
      const place = placeOfWork(desk, done.id);
      land(desk, place, outputOf(done, whoIs(desk, desk.facts.jobs[place]?.member ?? -1)));
    }),
    /** One that stands is gone, and with it whatever it had under way. It is started anew when it is needed again. */
    takeFall: at((desk, event) => {
      const name = fallen(event.type);
      const member = settings.members.findIndex(({ id }) => id === name);
      if (member < 0) return;
      const why = event.type.startsWith('xstate.error.') ? failureOf(errorIn(event)).message : 'it ended';
      seat(desk, member, { stands: false });
      for (const job of openJobs(desk.facts))
        if (job.member === member)
          land(desk, job.place, failure('environment', `"${name}" is gone, and with it what it had to do: ${why}`));
    }),
    askAbove: at<'treasury.lease'>(askAbove),
    takeMoney: at<'treasury.granted' | 'treasury.refused'>(takeAnswer),
    takeChoice: at((desk, event) => {
      const place = placeOf(event.type);
      const job = desk.facts.jobs[place];
      desk.deeds.stop(`select.${place}`);
      if (job?.stage !== 'choosing') return;
      const { member: id, reason, usage } = outputIn<Selected>(event);
      charge(desk, usage);
      const member = settings.members.findIndex((each) => each.id === id);
      desk.facts.due = true;
      if (member >= 0)
        return put(desk, place, {
          ...job,
          stage: 'waiting',
          granted: 0,
          member,
          fixed: true,
          ...(reason === undefined ? {} : { reason }),
        });
      put(desk, place, null);
      incapable(desk, job, `The selector chose ${JSON.stringify(id)}, which is none of the candidates.`);
    }),
    takeChoiceFailure: at((desk, event) => {
      const place = placeOf(event.type);
      const job = desk.facts.jobs[place];
      desk.deeds.stop(`select.${place}`);
      if (job?.stage !== 'choosing') return;
      const reason = failureOf(errorIn(event));
      charge(desk, (reason.data as Partial<Selected> | undefined)?.usage);
      const tried = { ...job, granted: 0, attempts: job.attempts + 1 };
      conclude(desk, place, tried, failedBy(reason, job.used), reason);
    }),
    noteLate: at<'attempt.late'>((desk, { place }) => {
      if (desk.facts.jobs[place]?.stage === 'working') stop(desk, place, 'timeout', '');
    }),
    abandon: at<'grace.over'>((desk, { place }) => {
      const job = desk.facts.jobs[place];
      if (job?.stage === 'stopping')
        land(desk, place, failure('cancelled', `"${idOf(job)}" was stopped, and its member did not end in time.`));
    }),
    tryAgain: at<'task.again'>((desk, { place }) => {
      const job = desk.facts.jobs[place];
      if (job?.stage === 'resting') put(desk, place, { ...job, stage: 'waiting' });
      desk.facts.due = true;
    }),
    noteDue: at<'task.due'>((desk, { seq }) => overdue(desk, seq)),
    takeBack: at<'member.rested'>((desk, { member }) => rested(desk, member)),
    reset: at((desk) => {
      absolve(desk);
      if (desk.facts.halt?.kind === 'cancelled' && desk.facts.standing) desk.facts.halt = undefined;
    }),
    configure: at<'orchestra.configure'>(configure),
    cancelAll: at<'orchestra.cancel' | 'work.cancel'>((desk, { reason }) =>
      halt(desk, { kind: 'cancelled', failure: failure('cancelled', reason) }),
    ),
    cancelWork: at<'work.cancel'>((desk, { id, reason }) => {
      if (id !== undefined) cancelWork(desk, id, reason);
      else
        for (const { work } of [...desk.facts.queue, ...openJobs(desk.facts)])
          if (work !== undefined) cancelWork(desk, work, reason);
    }),
    noteOverdue: at((desk) =>
      halt(desk, {
        kind: 'deadlineExceeded',
        failure: failure('expired', 'The deadline of the orchestration has passed.'),
      }),
    ),
    noteExpired: at((desk) => halt(desk, { kind: 'deadlineExceeded', failure: expired })),
    /** Nobody gets past guardrails that are gone. */
    noteGuardLost: at((desk, event) => {
      const why = event.type === 'xstate.error.actor.guard' ? failureOf(errorIn(event)).message : 'they ended';
      const because = failure('environment', `The guardrails are gone: ${why}`);
      desk.facts.halt = { kind: 'permanent', failure: because };
      for (const { place } of openJobs(desk.facts)) land(desk, place, because);
      halt(desk, { kind: 'permanent', failure: because });
    }),
    /** What cannot be read back is never answered, and not waited for. */
    noteUnread: at((desk, event) => {
      desk.facts.submitted = desk.facts.loaded;
      halt(desk, { kind: 'permanent', failure: failureOf(errorIn(event)) });
    }),
    tellPause: tell('pause'),
    tellResume: tell('resume'),
  };
}

export const router = base.extend({
  actions: {
    ...routerActionsOf(defaultRouterSettings),
    close: assign({ closed: true }),
    keepResults: assign(({ event }) => ({ results: outputIn<readonly TaskResult[]>(event) })),
    noteUncollected: assign(({ event }) => ({
      halt: { kind: 'permanent' as const, failure: failureOf(errorIn(event)) },
    })),
    saySettled: raise({ type: 'router.settled' }),
  },
});
