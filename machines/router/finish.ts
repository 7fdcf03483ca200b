/** The end of a task: its one result, in the list `results` or to the parent that handed the work on. */
import type { AgentOutput, AgentUsage } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';
import type { TaskResult } from '../../src/contracts/taskResult.ts';
import { zeroUsage } from '../usage.ts';
import { makeFailure, refusalOfFailure } from '../failure.ts';
import { distinctParts, partsIn } from '../../src/contracts/parts.ts';
import { asZodJson } from '../json.ts';
import { asJson } from '../../src/values/json.ts';
import { addUsage } from '../usage.ts';
import type { TaskJob, QueuedTask } from './context.ts';
import { errorKindOf, attemptFailure } from './failures.ts';
import { deadlineTimerId, taskIdOf, type RouterDraft } from './draft.ts';

/** What a result says beyond its entry. */
interface Details {
  readonly agentId?: string;
  readonly reason?: string;
}

/** Ends a task that no member works on. */
export const refuseTask = (
  draft: RouterDraft,
  entry: QueuedTask | TaskJob,
  reason: Failure,
  details: Details = {},
): void =>
  finishTask(
    draft,
    entry,
    {
      status: 'failed',
      failure: reason,
      phase: 'initiation',
      evidence: [],
      usage: 'used' in entry ? entry.used : zeroUsage,
    },
    details,
  );

/** Ends a task that no member can have. It is never waited for. */
export function noCapableMember(draft: RouterDraft, entry: QueuedTask | TaskJob, reason: string): void {
  const { strategy, members } = draft.settings;
  const data = { refusedBy: strategy.kind, reason, candidates: members.map(({ id }) => id) };
  refuseTask(
    draft,
    entry,
    makeFailure('capability', `Nobody can have the task "${taskIdOf(entry)}". ${reason}`, data),
    { reason },
  );
}

/** Ends a task. `output.usage` is what all attempts used. */
export function finishTask(
  draft: RouterDraft,
  entry: QueuedTask | TaskJob,
  output: AgentOutput,
  details: Details = {},
): void {
  const { context, actions } = draft;
  const result = resultOf(draft, entry, output, details);
  if ('part' in entry && entry.part) return collectBroadcastResult(draft, entry, result);
  actions.cancelTimer(deadlineTimerId(entry.seq));
  context.answered += 1;
  context.due = true;
  if (context.only) {
    context.output = output;
    return;
  }
  if (entry.work !== undefined) return actions.answerWork({ type: 'work.done', id: entry.work, output });
  actions.append('results', asJson({ seq: entry.seq, result }));
  if (!result.success) context.broken = true;
  else {
    context.previous = result.output;
    if (result.parts !== undefined || context.previousParts !== undefined) context.previousParts = result.parts ?? [];
  }
}

/** Keeps one of several answers; the last one completes the result, in the order of the members. */
function collectBroadcastResult(draft: RouterDraft, entry: TaskJob, result: TaskResult): void {
  const { context, settings } = draft;
  const others = context.gatherings.filter(({ seq }) => seq !== entry.seq);
  const { open = 1, results: before = [] } = context.gatherings.find(({ seq }) => seq === entry.seq) ?? {};
  const results = [...before, result];
  context.gatherings = open > 1 ? [...others, { seq: entry.seq, open: open - 1, results }] : others;
  if (open > 1) return;
  const ordered = settings.members.flatMap(({ id }) => results.filter(({ agentId }) => agentId === id));
  const began = Math.min(...ordered.map(({ metadata }) => draft.eventContext.at - metadata.durationMs));
  finishTask(draft, { ...entry, part: false, began }, combinedOutput(ordered), {
    agentId: ordered.map(({ agentId }) => agentId).join(','),
  });
}

function combinedOutput(results: readonly TaskResult[]): AgentOutput {
  const usage = results.reduce<AgentUsage>((sum, each) => addUsage(sum, each.usage), zeroUsage);
  const body = results.map(({ agentId, output, success, error }) => ({
    agentId,
    output,
    success,
    ...(error === undefined ? {} : { error }),
  }));
  const answer = { type: 'answers', body, ...partsIn(distinctParts(...results.map(({ parts }) => parts))) };
  const failed = results.find(({ success }) => !success)?.failure;
  return failed
    ? { status: 'failed', failure: failed, phase: 'execution', partial: answer, evidence: [], usage }
    : { status: 'completed', answer, evidence: [], usage };
}

/** The body of a text; any other answer keeps its type. */
const bodyOf = (answer: { readonly type: string; readonly body: Json } | undefined): Json =>
  answer === undefined
    ? null
    : ['text', 'answers'].includes(answer.type)
      ? answer.body
      : { type: answer.type, body: answer.body };

function resultOf(
  { context, settings, eventContext }: RouterDraft,
  entry: QueuedTask | TaskJob,
  output: AgentOutput,
  details: Details,
): TaskResult {
  const job = 'attempts' in entry ? entry : undefined;
  const { task } = entry;
  const router = settings.strategy.kind;
  const selected = details.agentId ?? settings.members[job?.member ?? -1]?.id ?? '';
  const reason = details.reason ?? job?.reason;
  const attemptError = output.status === 'completed' ? undefined : attemptFailure(output, job?.stopping);
  const said = output.status === 'completed' ? output.answer : output.partial;
  const refusal = attemptError && refusalOfFailure(attemptError);
  const errorKind = attemptError && errorKindOf(attemptError);
  const guarded = refusal !== undefined && refusal.refusedBy !== router;
  return {
    taskId: taskIdOf(entry),
    agentId: selected,
    // What a guardrail did not let through is nowhere in the result.
    output: guarded ? null : asZodJson(bodyOf(said)),
    ...(guarded ? {} : partsIn(said?.parts)),
    success: attemptError === undefined,
    ...(attemptError && errorKind ? { error: attemptError.message, errorKind, failure: attemptError } : {}),
    stepsUsed: output.usage.steps,
    usage: output.usage,
    metadata: {
      attempts: job?.attempts ?? 0,
      durationMs: job?.began === undefined ? 0 : eventContext.at - job.began,
      concurrencyWaitMs: (job?.began ?? eventContext.at) - entry.since,
      timedOut: job?.stopping === 'timeout' && attemptError !== undefined,
      deadlineExceeded: errorKind === 'deadlineExceeded',
      cancelled: errorKind === 'cancelled',
      budgetExhausted: errorKind === 'budgetExhausted',
      retryApplied: (job?.attempts ?? 0) > 1,
      routedBy: router,
      executionMode: context.mode,
      ...(task.correlationId === undefined ? {} : { correlationId: task.correlationId }),
      ...(errorKind ? { errorKind } : {}),
      routing: { router, selected, candidates: job?.candidates ?? 0, ...(reason === undefined ? {} : { reason }) },
      ...(guarded
        ? { guardrail: { name: refusal.refusedBy, ...(refusal.stage ? { stage: refusal.stage } : {}) } }
        : {}),
    },
  };
}
