/** What a workflow does with decisions and with the ends of steps. */
import type { AnyActorRef } from 'xstate';
import { eventContextOf } from '../../src/contracts/eventContext.ts';
import { asJson } from '../../src/values/json.ts';
import type { Failure } from '../../src/values/failure.ts';
import { copyRecord } from '../../src/values/record.ts';
import { makeFailure } from '../failure.ts';
import { spawnByName } from '../spawnByName.ts';
import { addMetrics, failedStep, stepEndOf } from './stepEnds.ts';
import { undecided, type WorkflowContext } from './context.ts';
import type { StepDispatch, StepStart } from './effectTypes.ts';
import { endedChild } from './events.ts';
import { decisionIn, workflowActions, workflowSetupBase } from './setupBase.ts';
import { attemptEnded, runningChildren, stepsStopped, type AttemptResult } from './updates.ts';

const { enqueueActions } = workflowSetupBase;

/** The name under which the machine of a sub-workflow is provided. */
export const subWorkflowName = (step: string): string => `workflow.${step}`;

/** The name of what does a step. */
const sourceOf = ({ step, start: { kind } }: StepDispatch): string => {
  if (kind === 'workflow') return subWorkflowName(step);
  return kind === 'agent' ? 'agentStep' : kind;
};

/** The command by which a child of this kind stops, pauses or goes on; undefined when it has none, and is stopped as it is. */
export function commandFor(
  kind: StepStart['kind'],
  command: 'cancel' | 'pause' | 'resume',
  reason = '',
): { readonly type: string; readonly reason?: string; readonly by?: string } | undefined {
  const why = command === 'cancel' ? { reason } : {};
  if (kind === 'agent') return { type: `agent.${command}`, ...why };
  if (kind === 'workflow' || kind === 'fanOut') return { type: `run.${command}`, ...why };
  return kind === 'wait' && command === 'cancel' ? { type: 'wait.abort', reason, by: 'workflow' } : undefined;
}

const timeoutId = (child: string) => `late.${child}`;

/** Takes the end of a child: its record is kept, or it is tried again after a pause. */
const takeEnd = (
  endOf: (
    context: WorkflowContext,
    event: { type: string },
    child: string,
  ) => [child: string, result: AttemptResult | undefined],
) =>
  enqueueActions(({ context, event, enqueue }) => {
    const ended = endedChild(event.type);
    const [child, result] = endOf(context, event, ended ?? '');
    // One that has ended is not kept: the snapshot does not grow with the steps.
    if (ended !== undefined) enqueue.stopChild(ended);
    if (!result) return;
    enqueue.cancel(timeoutId(child));
    if (result.is === 'retried') {
      const step = context.running[child]?.step ?? '';
      enqueue.raise({ type: 'step.retry', step }, { id: `retry.${step}`, delay: result.pause });
    } else enqueue({ type: 'append', params: { list: 'records', entry: asJson(result.record) } });
    enqueue.assign(result.change);
  });

/** What is done with decisions, with the ends of steps, and with those under way. */
export const stepActions = workflowActions({
  /** Keeps what finished without being begun, and begins what can be begun. */
  followDecision: enqueueActions(({ context, event, enqueue }) => {
    const { finished, dispatch, more } = decisionIn(event);
    const { at } = eventContextOf(event);
    for (const record of finished) enqueue({ type: 'append', params: { list: 'records', entry: asJson(record) } });
    const running = copyRecord(context.running);
    let started = context.started;
    for (const each of dispatch) {
      const child = `step.${started++}`;
      const { step, start, retry, timeout } = each;
      spawnByName(enqueue, sourceOf(each), child, start.input);
      if (timeout !== undefined) enqueue.raise({ type: 'step.late', child }, { id: timeoutId(child), delay: timeout });
      running[child] = {
        step,
        kind: start.kind,
        since: at,
        ...(retry ? { retry } : {}),
        ...(start.kind === 'webhook' && !start.input.idempotent ? { isOnce: true as const } : {}),
        ...(each.reservedUsd ? { reservedUsd: each.reservedUsd } : {}),
      };
    }
    const records = context.records + finished.length;
    enqueue.assign({
      running,
      started,
      records,
      // What was decided about is what the list had when the effect read it, and what it added itself.
      decided: more ? undecided : context.decided + finished.length,
      metrics: finished.reduce((sum, { end }) => addMetrics(sum, end.metrics), context.metrics),
    });
  }),
  takeStep: takeEnd((context, event, child) => {
    const kind = context.running[child]?.kind;
    return [child, kind && attemptEnded(context, child, stepEndOf(kind, event), eventContextOf(event))];
  }),
  /** An attempt took too long: it is stopped, and has failed. A write that may have happened is not tried again (E7). */
  takeLate: takeEnd((context, event) => {
    const child = 'child' in event && typeof event.child === 'string' ? event.child : '';
    const failure = context.running[child]?.isOnce ? lateWriteFailure : lateStepFailure;
    return [child, attemptEnded(context, child, failedStep(failure, failure.kind), eventContextOf(event))];
  }),
  stopLate: enqueueActions(({ event, enqueue }) => {
    if (event.type === 'step.late') enqueue.stopChild(event.child);
  }),
  /** The pause is over: the next decision begins the step again. */
  endRest: enqueueActions(({ context, event, enqueue }) => {
    if (event.type !== 'step.retry') return;
    // Without news there would be no decision.
    enqueue.assign({ resting: context.resting.filter((step) => step !== event.step), decided: undecided });
  }),
  abandonSteps: enqueueActions(({ context, event, enqueue }) => {
    const children = Object.keys(context.running);
    for (const child of children) enqueue.stopChild(child);
    const { records, change } = stepsStopped(context, children, {
      reason: reasonOf(context),
      at: eventContextOf(event).at,
    });
    for (const record of records) enqueue({ type: 'append', params: { list: 'records', entry: asJson(record) } });
    enqueue.assign(change);
  }),
  /** What takes no command is stopped at once, and is not waited for. */
  cancelSteps: enqueueActions(({ context, event, enqueue }) => {
    const reason = reasonOf(context);
    const stopped: string[] = [];
    for (const [child, { kind }] of runningChildren(context)) {
      const command = commandFor(kind, 'cancel', reason);
      if (command) enqueue.sendTo<AnyActorRef>(child, command);
      else {
        enqueue.stopChild(child);
        stopped.push(child);
      }
    }
    const { records, change } = stepsStopped(context, stopped, { reason, at: eventContextOf(event).at });
    for (const record of records) enqueue({ type: 'append', params: { list: 'records', entry: asJson(record) } });
    enqueue.assign(change);
  }),
  pauseSteps: tellSteps('pause'),
  resumeSteps: tellSteps('resume'),
  /** The webhooks that tell people of an approval are sent beside the steps; what comes of them changes nothing. */
  notifyApproval: enqueueActions(({ context, event, enqueue }) => {
    if (event.type !== 'step.approval') return;
    const { type: _, ...notice } = event;
    enqueue.spawnChild('notify', { id: `notify.${context.started}`, input: notice });
    enqueue.assign({ started: context.started + 1 });
  }),
});

/** What steps under way are told when the workflow ends. */
const reasonOf = ({ end }: WorkflowContext): string =>
  end?.output.status === 'cancelled' ? end.output.reason : 'The workflow has ended.';

function tellSteps(command: 'pause' | 'resume') {
  return enqueueActions(({ context, enqueue }) => {
    for (const [child, { kind }] of runningChildren(context)) {
      const event = commandFor(kind, command);
      if (event) enqueue.sendTo<AnyActorRef>(child, event);
    }
  });
}

const lateStepFailure: Failure = {
  kind: 'timeout',
  message: 'The step did not end in the time that it has.',
  retryable: true,
};

const lateWriteFailure = makeFailure(
  'uncertain',
  'The webhook was not answered in the time that its step has. It may or may not have arrived: look it up at the receiver.',
);

/** The failure of a workflow whose time is up. */
export const lateFailure = makeFailure('expired', 'The workflow did not end within its timeout_s.');

/** The failure of a workflow in which nothing can happen any more. */
export const stuckFailure = makeFailure(
  'internal',
  'No step of the workflow can begin, none is under way, and it has not ended.',
);
