/** The actions that depend on the settings of a router. */
import { failureIn, isError, outputIn } from '../childEvents.ts';
import { expired, failure } from '../failure.ts';
import { momentOf } from '../eventContext.ts';
import { outputOf } from '../memberOutput.ts';
import { placeOf } from '../slotIndex.ts';
import { fallen } from '../run/services.ts';
import { conclude, failedBy, land, placeOfWork, stop } from './attempt.ts';
import { base, routerActions } from './setupBase.ts';
import { configure } from './configure.ts';
import { openJobs, seatOf, type Filed, type Queued } from './context.ts';
import { deedsOf, idOf, put, seat, type Desk } from './draft.ts';
import { dispatch } from './dispatch.ts';
import type { EventOf, RouterEvent, Selected } from './events.ts';
import { incapable } from './finish.ts';
import { cancelWork, halt, hold, overdue } from './halt.ts';
import { tellMember, whoIs } from './assign.ts';
import { load, submit, takeWork } from './intake.ts';
import { askAbove, takeAnswer } from './leases.ts';
import { absolve, rested } from './rotation.ts';
import type { RouterSettings } from './settings.ts';
import { charge } from './stepBudget.ts';

/** The actions of a router with these settings. */
export function routerActionsOf(settings: RouterSettings) {
  /** An action that works a step out as a draft, and then takes over its facts. */
  const drafted = <T extends string = RouterEvent['type']>(work: (draft: Desk, event: EventOf<T>) => void) =>
    base.enqueueActions(({ context, event, enqueue }) => {
      const draft: Desk = { settings, moment: momentOf(event), deeds: deedsOf(enqueue), facts: { ...context } };
      // The transition that takes the action says which event it is.
      work(draft, event as EventOf<T>);
      enqueue.assign(draft.facts);
    });
  const tell = (what: 'pause' | 'resume') =>
    drafted((draft, event) => {
      const id = 'id' in event ? event.id : undefined;
      const isMeant = ({ work }: Queued) => id === undefined || work === id;
      for (const job of openJobs(draft.facts))
        if (job.stage === 'working' && isMeant(job)) tellMember(draft, job, job.place, what);
      // A pause of the whole router is its state; a pause of work is noted for the work that has not begun.
      if (event.type.startsWith('work.')) hold(draft, isMeant, what === 'pause');
      draft.facts.due = true;
    });
  return routerActions({
    open: drafted((draft) => {
      const { facts } = draft;
      const mode = facts.mode === '' ? settings.mode : facts.mode;
      facts.mode = mode;
      facts.places = settings.places(mode);
      facts.limits = settings.limits;
      facts.seats = settings.members.map(({ id }) => seatOf(id));
      if (settings.entry === 'guard') draft.deeds.spawn('guard', 'guard', { standing: true });
      submit(draft, facts.first ?? []);
      facts.first = undefined;
    }),
    dispatch: drafted(dispatch),
    takeTask: drafted<'orchestra.task'>((draft, { task }) => submit(draft, [task])),
    takeWork: drafted<'work'>(takeWork),
    takeLoaded: drafted((draft, event) => load(draft, outputIn<readonly Filed[]>(event))),
    takeEnd: drafted((draft, event) => {
      const place = placeOf(event.type);
      land(draft, place, outputOf(event, whoIs(draft, draft.facts.jobs[place]?.member ?? -1)));
    }),
    takeFailure: drafted((draft, event) => land(draft, placeOf(event.type), failureIn(event))),
    takeDone: drafted<'work.done'>((draft, done) => {
      const place = placeOfWork(draft, done.id);
      land(draft, place, outputOf(done, whoIs(draft, draft.facts.jobs[place]?.member ?? -1)));
    }),
    /** A supervisor is gone, and with it the work that it had. It is started again when it is needed. */
    takeFall: drafted((draft, event) => {
      const name = fallen(event.type);
      const member = settings.members.findIndex(({ id }) => id === name);
      if (member < 0) return;
      const why = isError(event) ? failureIn(event).message : 'it ended';
      seat(draft, member, { stands: false });
      for (const job of openJobs(draft.facts))
        if (job.member === member)
          land(draft, job.place, failure('environment', `"${name}" is gone, and with it what it had to do: ${why}`));
    }),
    askAbove: drafted<'treasury.lease'>(askAbove),
    takeMoney: drafted<'treasury.granted' | 'treasury.refused'>(takeAnswer),
    takeChoice: drafted((draft, event) => {
      const place = placeOf(event.type);
      const job = draft.facts.jobs[place];
      draft.deeds.stop(`select.${place}`);
      if (job?.stage !== 'choosing') return;
      const { member: id, reason, usage } = outputIn<Selected>(event);
      charge(draft, usage);
      const member = settings.members.findIndex((each) => each.id === id);
      draft.facts.due = true;
      if (member >= 0)
        return put(draft, place, {
          ...job,
          stage: 'waiting',
          granted: 0,
          member,
          fixed: true,
          ...(reason === undefined ? {} : { reason }),
        });
      put(draft, place, null);
      incapable(draft, job, `The selector chose ${JSON.stringify(id)}, which is none of the candidates.`);
    }),
    takeChoiceFailure: drafted((draft, event) => {
      const place = placeOf(event.type);
      const job = draft.facts.jobs[place];
      draft.deeds.stop(`select.${place}`);
      if (job?.stage !== 'choosing') return;
      const reason = failureIn(event);
      // A selector that fails puts what it used into the data of its failure.
      charge(draft, (reason.data as Partial<Selected> | undefined)?.usage);
      const tried = { ...job, granted: 0, attempts: job.attempts + 1 };
      conclude(draft, place, tried, failedBy(reason, job.used), reason);
    }),
    noteLate: drafted<'attempt.late'>((draft, { place }) => {
      if (draft.facts.jobs[place]?.stage === 'working') stop(draft, place, 'timeout', '');
    }),
    abandon: drafted<'grace.over'>((draft, { place }) => {
      const job = draft.facts.jobs[place];
      if (job?.stage === 'stopping')
        land(draft, place, failure('cancelled', `"${idOf(job)}" was stopped, and its member did not end in time.`));
    }),
    tryAgain: drafted<'task.again'>((draft, { place }) => {
      const job = draft.facts.jobs[place];
      if (job?.stage === 'resting') put(draft, place, { ...job, stage: 'waiting' });
      draft.facts.due = true;
    }),
    noteDue: drafted<'task.due'>((draft, { seq }) => overdue(draft, seq)),
    takeBack: drafted<'member.rested'>((draft, { member }) => rested(draft, member)),
    reset: drafted((draft) => {
      absolve(draft);
      if (draft.facts.halt?.kind === 'cancelled' && draft.facts.standing) draft.facts.halt = undefined;
    }),
    configure: drafted<'orchestra.configure'>(configure),
    cancelAll: drafted<'orchestra.cancel' | 'work.cancel'>((draft, { reason }) =>
      halt(draft, { kind: 'cancelled', failure: failure('cancelled', reason) }),
    ),
    cancelWork: drafted<'work.cancel'>((draft, { id, reason }) => {
      if (id !== undefined) cancelWork(draft, id, reason);
      else
        for (const { work } of [...draft.facts.queue, ...openJobs(draft.facts)])
          if (work !== undefined) cancelWork(draft, work, reason);
    }),
    noteOverdue: drafted((draft) =>
      halt(draft, {
        kind: 'deadlineExceeded',
        failure: failure('expired', 'The deadline of the orchestration has passed.'),
      }),
    ),
    noteExpired: drafted((draft) => halt(draft, { kind: 'deadlineExceeded', failure: expired })),
    /** The guardrails are gone: no member can be reached. */
    noteGuardLost: drafted((draft, event) => {
      const why = isError(event) ? failureIn(event).message : 'they ended';
      const because = failure('environment', `The guardrails are gone: ${why}`);
      draft.facts.halt = { kind: 'permanent', failure: because };
      for (const { place } of openJobs(draft.facts)) land(draft, place, because);
      halt(draft, { kind: 'permanent', failure: because });
    }),
    /** Tasks that cannot be read back get no result, and are not waited for. */
    noteUnread: drafted((draft, event) => {
      draft.facts.submitted = draft.facts.loaded;
      halt(draft, { kind: 'permanent', failure: failureIn(event) });
    }),
    tellPause: tell('pause'),
    tellResume: tell('resume'),
  });
}
