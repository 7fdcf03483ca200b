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
  /** An action that works a step out as a draft, and then takes over its context. */
  const drafted = <T extends string = RouterEvent['type']>(
    work: (draft: RouterDraft, event: RouterEventOf<T>) => void,
  ) =>
    routerSetupBase.enqueueActions(({ context, event, enqueue }) => {
      const draft: RouterDraft = {
        settings,
        eventContext: eventContextOf(event),
        actions: stepActionsOf(enqueue),
        context: { ...context },
      };
      // The transition that takes the action says which event it is.
      work(draft, event as RouterEventOf<T>);
      enqueue.assign(draft.context);
    });
  const tell = (what: 'pause' | 'resume') =>
    drafted((draft, event) => {
      const id = 'id' in event ? event.id : undefined;
      const isMeant = ({ work }: QueuedTask) => id === undefined || work === id;
      for (const job of openJobs(draft.context))
        if (job.stage === 'working' && isMeant(job)) commandMember(draft, job, job.slotIndex, what);
      // A pause of the whole router is its state; a pause of work is noted for the work that has not begun.
      if (event.type.startsWith('work.')) holdWork(draft, isMeant, what === 'pause');
      draft.context.due = true;
    });
  return routerActions({
    open: drafted((draft) => {
      const { context } = draft;
      const mode = context.mode === '' ? settings.mode : context.mode;
      context.mode = mode;
      context.places = settings.places(mode);
      context.limits = settings.limits;
      context.seats = settings.members.map(({ id }) => initialRotationEntry(id));
      if (settings.entry === 'guard') draft.actions.spawn('guard', 'guard', { standing: true });
      submitTasks(draft, context.first ?? []);
      if (context.only) takeWork(draft, context.only);
      context.first = undefined;
    }),
    dispatch: drafted(dispatchTasks),
    takeTask: drafted<'orchestra.task'>((draft, { task }) => submitTasks(draft, [task])),
    takeWork: drafted<'work'>(takeWork),
    takeLoaded: drafted((draft, event) => loadTasks(draft, childOutput<readonly SubmittedTask[]>(event))),
    takeEnd: drafted((draft, event) => {
      const slotIndex = slotIndexOf(event.type);
      endAttempt(
        draft,
        slotIndex,
        memberOutputOf(event, memberKindOf(draft, draft.context.jobs[slotIndex]?.member ?? -1)),
      );
    }),
    takeFailure: drafted((draft, event) => endAttempt(draft, slotIndexOf(event.type), childFailure(event))),
    takeDone: drafted<'work.done'>((draft, done) => {
      const slotIndex = slotOfWork(draft, done.id);
      endAttempt(
        draft,
        slotIndex,
        memberOutputOf(done, memberKindOf(draft, draft.context.jobs[slotIndex]?.member ?? -1)),
      );
    }),
    /** A supervisor is gone, and with it the work that it had. It is started again when it is needed. */
    takeFall: drafted((draft, event) => {
      const name = endedService(event.type);
      const member = settings.members.findIndex(({ id }) => id === name);
      if (member < 0) return;
      const why = isChildError(event) ? childFailure(event).message : 'it ended';
      updateRotationEntry(draft, member, { stands: false });
      for (const job of openJobs(draft.context))
        if (job.member === member)
          endAttempt(
            draft,
            job.slotIndex,
            makeFailure('environment', `"${name}" is gone, and with it what it had to do: ${why}`),
          );
    }),
    askAbove: drafted<'treasury.lease'>(requestLeaseForMember),
    takeMoney: drafted<'treasury.granted' | 'treasury.refused'>(takeLeaseAnswer),
    takeChoice: drafted((draft, event) => {
      const slotIndex = slotIndexOf(event.type);
      const job = draft.context.jobs[slotIndex];
      draft.actions.stop(`select.${slotIndex}`);
      if (job?.stage !== 'choosing') return;
      const { member: id, reason, usage } = childOutput<SelectionOutput>(event);
      chargeUsage(draft, usage);
      const member = settings.members.findIndex((each) => each.id === id);
      draft.context.due = true;
      if (member >= 0)
        return putJob(draft, slotIndex, {
          ...job,
          stage: 'waiting',
          granted: 0,
          member,
          fixed: true,
          ...(reason === undefined ? {} : { reason }),
        });
      putJob(draft, slotIndex, null);
      noCapableMember(draft, job, `The selector chose ${JSON.stringify(id)}, which is none of the candidates.`);
    }),
    takeChoiceFailure: drafted((draft, event) => {
      const slotIndex = slotIndexOf(event.type);
      const job = draft.context.jobs[slotIndex];
      draft.actions.stop(`select.${slotIndex}`);
      if (job?.stage !== 'choosing') return;
      const reason = childFailure(event);
      // A selector that fails puts what it used into the data of its failure.
      chargeUsage(draft, (reason.data as Partial<SelectionOutput> | undefined)?.usage);
      const tried = { ...job, granted: 0, attempts: job.attempts + 1 };
      retryOrFinish(draft, slotIndex, tried, failedAttempt(reason, job.used), reason);
    }),
    noteLate: drafted<'attempt.late'>((draft, { place: slotIndex }) => {
      if (draft.context.jobs[slotIndex]?.stage === 'working') stopJob(draft, slotIndex, 'timeout', '');
    }),
    abandon: drafted<'grace.over'>((draft, { place: slotIndex }) => {
      const job = draft.context.jobs[slotIndex];
      if (job?.stage === 'stopping')
        endAttempt(
          draft,
          slotIndex,
          makeFailure('cancelled', `"${taskIdOf(job)}" was stopped, and its member did not end in time.`),
        );
    }),
    tryAgain: drafted<'task.again'>((draft, { place: slotIndex }) => {
      const job = draft.context.jobs[slotIndex];
      if (job?.stage === 'resting') putJob(draft, slotIndex, { ...job, stage: 'waiting' });
      draft.context.due = true;
    }),
    noteDue: drafted<'task.due'>((draft, { seq }) => taskOverdue(draft, seq)),
    takeBack: drafted<'member.rested'>((draft, { member }) => backInRotation(draft, member)),
    reset: drafted((draft) => {
      resetRotation(draft);
      if (draft.context.halt?.kind === 'cancelled' && draft.context.standing) draft.context.halt = undefined;
    }),
    configure: drafted<'orchestra.configure'>(reconfigure),
    cancelAll: drafted<'orchestra.cancel' | 'work.cancel'>((draft, { reason }) =>
      haltRouter(draft, { kind: 'cancelled', failure: makeFailure('cancelled', reason) }),
    ),
    cancelWork: drafted<'work.cancel'>((draft, { id, reason }) => {
      if (id !== undefined) cancelWork(draft, id, reason);
      else
        for (const { work } of [...draft.context.queue, ...openJobs(draft.context)])
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
      draft.context.halt = { kind: 'permanent', failure: because };
      for (const { slotIndex } of openJobs(draft.context)) endAttempt(draft, slotIndex, because);
      haltRouter(draft, { kind: 'permanent', failure: because });
    }),
    /** Tasks that cannot be read back get no result, and are not waited for. */
    noteUnread: drafted((draft, event) => {
      draft.context.submitted = draft.context.loaded;
      haltRouter(draft, { kind: 'permanent', failure: childFailure(event) });
    }),
    tellPause: tell('pause'),
    tellResume: tell('resume'),
  });
}
