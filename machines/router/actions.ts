/** The actions that depend on the settings of a router. */
import { childFailure, isChildError, childOutput } from '../childEvents.ts';
import { runExpired, makeFailure } from '../failure.ts';
import { eventContextOf } from '../../src/contracts/eventContext.ts';
import { memberOutputOf } from '../memberOutput.ts';
import { slotIndexOf } from '../slotIndex.ts';
import { endedService } from '../run/services.ts';
import { retryOrFinish, failedAttempt, endAttempt, slotOfWork, stopJob } from './attempt.ts';
import { routerSetupBase, routerActions } from './setupBase.ts';
import { reconfigure } from './configure.ts';
import { openJobs, initialRotationEntry, type SubmittedTask, type QueuedTask } from './context.ts';
import { stepActionsOf, taskIdOf, putJob, updateRotationEntry, type RouterDraft } from './draft.ts';
import { dispatchTasks } from './dispatch.ts';
import type { RouterEventOf, RouterEvent, SelectionOutput } from './events.ts';
import { noCapableMember } from './finish.ts';
import { cancelWork, haltRouter, holdWork, taskOverdue } from './halt.ts';
import { commandMember, memberKindOf } from './assign.ts';
import { loadTasks, submitTasks, takeWork } from './intake.ts';
import { requestLeaseForMember, takeLeaseAnswer } from './leases.ts';
import { resetRotation, backInRotation } from './rotation.ts';
import type { RouterSettings } from './settings.ts';
import { chargeUsage } from './stepBudget.ts';

/** The actions of a router with these settings. */
export function routerActionsOf(settings: RouterSettings) {
  /** An action that works a step out as a draft, and then takes over its facts. */
  const drafted = <T extends string = RouterEvent['type']>(
    work: (draft: RouterDraft, event: RouterEventOf<T>) => void,
  ) =>
    routerSetupBase.enqueueActions(({ context, event, enqueue }) => {
      const draft: RouterDraft = {
        settings,
        eventContext: eventContextOf(event),
        actions: stepActionsOf(enqueue),
        facts: { ...context },
      };
      // The transition that takes the action says which event it is.
      work(draft, event as RouterEventOf<T>);
      enqueue.assign(draft.facts);
    });
  const tell = (what: 'pause' | 'resume') =>
    drafted((draft, event) => {
      const id = 'id' in event ? event.id : undefined;
      const isMeant = ({ work }: QueuedTask) => id === undefined || work === id;
      for (const job of openJobs(draft.facts))
        if (job.stage === 'working' && isMeant(job)) commandMember(draft, job, job.place, what);
      // A pause of the whole router is its state; a pause of work is noted for the work that has not begun.
      if (event.type.startsWith('work.')) holdWork(draft, isMeant, what === 'pause');
      draft.facts.due = true;
    });
  return routerActions({
    open: drafted((draft) => {
      const { facts } = draft;
      const mode = facts.mode === '' ? settings.mode : facts.mode;
      facts.mode = mode;
      facts.places = settings.places(mode);
      facts.limits = settings.limits;
      facts.seats = settings.members.map(({ id }) => initialRotationEntry(id));
      if (settings.entry === 'guard') draft.actions.spawn('guard', 'guard', { standing: true });
      submitTasks(draft, facts.first ?? []);
      facts.first = undefined;
    }),
    dispatch: drafted(dispatchTasks),
    takeTask: drafted<'orchestra.task'>((draft, { task }) => submitTasks(draft, [task])),
    takeWork: drafted<'work'>(takeWork),
    takeLoaded: drafted((draft, event) => loadTasks(draft, childOutput<readonly SubmittedTask[]>(event))),
    takeEnd: drafted((draft, event) => {
      const place = slotIndexOf(event.type);
      endAttempt(draft, place, memberOutputOf(event, memberKindOf(draft, draft.facts.jobs[place]?.member ?? -1)));
    }),
    takeFailure: drafted((draft, event) => endAttempt(draft, slotIndexOf(event.type), childFailure(event))),
    takeDone: drafted<'work.done'>((draft, done) => {
      const place = slotOfWork(draft, done.id);
      endAttempt(draft, place, memberOutputOf(done, memberKindOf(draft, draft.facts.jobs[place]?.member ?? -1)));
    }),
    /** A supervisor is gone, and with it the work that it had. It is started again when it is needed. */
    takeFall: drafted((draft, event) => {
      const name = endedService(event.type);
      const member = settings.members.findIndex(({ id }) => id === name);
      if (member < 0) return;
      const why = isChildError(event) ? childFailure(event).message : 'it ended';
      updateRotationEntry(draft, member, { stands: false });
      for (const job of openJobs(draft.facts))
        if (job.member === member)
          endAttempt(
            draft,
            job.place,
            makeFailure('environment', `"${name}" is gone, and with it what it had to do: ${why}`),
          );
    }),
    askAbove: drafted<'treasury.lease'>(requestLeaseForMember),
    takeMoney: drafted<'treasury.granted' | 'treasury.refused'>(takeLeaseAnswer),
    takeChoice: drafted((draft, event) => {
      const place = slotIndexOf(event.type);
      const job = draft.facts.jobs[place];
      draft.actions.stop(`select.${place}`);
      if (job?.stage !== 'choosing') return;
      const { member: id, reason, usage } = childOutput<SelectionOutput>(event);
      chargeUsage(draft, usage);
      const member = settings.members.findIndex((each) => each.id === id);
      draft.facts.due = true;
      if (member >= 0)
        return putJob(draft, place, {
          ...job,
          stage: 'waiting',
          granted: 0,
          member,
          fixed: true,
          ...(reason === undefined ? {} : { reason }),
        });
      putJob(draft, place, null);
      noCapableMember(draft, job, `The selector chose ${JSON.stringify(id)}, which is none of the candidates.`);
    }),
    takeChoiceFailure: drafted((draft, event) => {
      const place = slotIndexOf(event.type);
      const job = draft.facts.jobs[place];
      draft.actions.stop(`select.${place}`);
      if (job?.stage !== 'choosing') return;
      const reason = childFailure(event);
      // A selector that fails puts what it used into the data of its failure.
      chargeUsage(draft, (reason.data as Partial<SelectionOutput> | undefined)?.usage);
      const tried = { ...job, granted: 0, attempts: job.attempts + 1 };
      retryOrFinish(draft, place, tried, failedAttempt(reason, job.used), reason);
    }),
    noteLate: drafted<'attempt.late'>((draft, { place }) => {
      if (draft.facts.jobs[place]?.stage === 'working') stopJob(draft, place, 'timeout', '');
    }),
    abandon: drafted<'grace.over'>((draft, { place }) => {
      const job = draft.facts.jobs[place];
      if (job?.stage === 'stopping')
        endAttempt(
          draft,
          place,
          makeFailure('cancelled', `"${taskIdOf(job)}" was stopped, and its member did not end in time.`),
        );
    }),
    tryAgain: drafted<'task.again'>((draft, { place }) => {
      const job = draft.facts.jobs[place];
      if (job?.stage === 'resting') putJob(draft, place, { ...job, stage: 'waiting' });
      draft.facts.due = true;
    }),
    noteDue: drafted<'task.due'>((draft, { seq }) => taskOverdue(draft, seq)),
    takeBack: drafted<'member.rested'>((draft, { member }) => backInRotation(draft, member)),
    reset: drafted((draft) => {
      resetRotation(draft);
      if (draft.facts.halt?.kind === 'cancelled' && draft.facts.standing) draft.facts.halt = undefined;
    }),
    configure: drafted<'orchestra.configure'>(reconfigure),
    cancelAll: drafted<'orchestra.cancel' | 'work.cancel'>((draft, { reason }) =>
      haltRouter(draft, { kind: 'cancelled', failure: makeFailure('cancelled', reason) }),
    ),
    cancelWork: drafted<'work.cancel'>((draft, { id, reason }) => {
      if (id !== undefined) cancelWork(draft, id, reason);
      else
        for (const { work } of [...draft.facts.queue, ...openJobs(draft.facts)])
          if (work !== undefined) cancelWork(draft, work, reason);
    }),
    noteOverdue: drafted((draft) =>
      haltRouter(draft, {
        kind: 'deadlineExceeded',
        failure: makeFailure('expired', 'The deadline of the orchestration has passed.'),
      }),
    ),
    noteExpired: drafted((draft) => haltRouter(draft, { kind: 'deadlineExceeded', failure: runExpired })),
    /** The guardrails are gone: no member can be reached. */
    noteGuardLost: drafted((draft, event) => {
      const why = isChildError(event) ? childFailure(event).message : 'they ended';
      const because = makeFailure('environment', `The guardrails are gone: ${why}`);
      draft.facts.halt = { kind: 'permanent', failure: because };
      for (const { place } of openJobs(draft.facts)) endAttempt(draft, place, because);
      haltRouter(draft, { kind: 'permanent', failure: because });
    }),
    /** Tasks that cannot be read back get no result, and are not waited for. */
    noteUnread: drafted((draft, event) => {
      draft.facts.submitted = draft.facts.loaded;
      haltRouter(draft, { kind: 'permanent', failure: childFailure(event) });
    }),
    tellPause: tell('pause'),
    tellResume: tell('resume'),
  });
}
