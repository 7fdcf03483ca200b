/** The end of a task: its one result, in the list `results` or to the parent that handed the work on. */
import type { AgentOutput, AgentUsage } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';
import type { TaskResult } from '../../src/contracts/task.ts';
import { nothingUsed } from '../agent/context.ts';
import { failure, refusalIn } from '../failure.ts';
import { asJson, asZodJson } from '../json.ts';
import { together } from '../member.ts';
import type { Job, Queued } from './context.ts';
import { errorKindOf, failureIn } from './failures.ts';
import { dueOf, idOf, type Desk } from './draft.ts';

/** What a result says beyond its entry. */
interface Details {
  readonly agentId?: string;
  readonly reason?: string;
}

/** Ends a task that no member works on. */
export const refuse = (draft: Desk, entry: Queued | Job, reason: Failure, details: Details = {}): void =>
  finish(
    draft,
    entry,
    {
      status: 'failed',
      failure: reason,
      phase: 'initiation',
      evidence: [],
      usage: 'used' in entry ? entry.used : nothingUsed,
    },
    details,
  );

/** Ends a task that no member can have. It is never waited for. */
export function incapable(draft: Desk, entry: Queued | Job, reason: string): void {
  const { strategy, members } = draft.settings;
  const data = { refusedBy: strategy.kind, reason, candidates: members.map(({ id }) => id) };
  refuse(draft, entry, failure('capability', `Nobody can have the task "${idOf(entry)}". ${reason}`, data), { reason });
}

/** Ends a task. `output.usage` is what all attempts used. */
export function finish(draft: Desk, entry: Queued | Job, output: AgentOutput, details: Details = {}): void {
  const { facts, deeds } = draft;
  const result = resultOf(draft, entry, output, details);
  if ('part' in entry && entry.part) return gather(draft, entry, result);
  deeds.calm(dueOf(entry.seq));
  facts.answered += 1;
  facts.due = true;
  if (entry.work !== undefined) return deeds.answer({ type: 'work.done', id: entry.work, output });
  deeds.append('results', asJson({ seq: entry.seq, result }));
  if (result.success) facts.previous = result.output;
  else facts.broken = true;
}

/** Keeps one of several answers; the last one completes the result, in the order of the members. */
function gather(draft: Desk, entry: Job, result: TaskResult): void {
  const { facts, settings } = draft;
  const others = facts.gatherings.filter(({ seq }) => seq !== entry.seq);
  const { open = 1, results: before = [] } = facts.gatherings.find(({ seq }) => seq === entry.seq) ?? {};
  const results = [...before, result];
  facts.gatherings = open > 1 ? [...others, { seq: entry.seq, open: open - 1, results }] : others;
  if (open > 1) return;
  const ordered = settings.members.flatMap(({ id }) => results.filter(({ agentId }) => agentId === id));
  const began = Math.min(...ordered.map(({ metadata }) => draft.moment.at - metadata.durationMs));
  finish(draft, { ...entry, part: false, began }, togetherOf(ordered), {
    agentId: ordered.map(({ agentId }) => agentId).join(','),
  });
}

function togetherOf(results: readonly TaskResult[]): AgentOutput {
  const usage = results.reduce<AgentUsage>((sum, each) => together(sum, each.usage), nothingUsed);
  const body = results.map(({ agentId, output, success, error }) => ({
    agentId,
    output,
    success,
    ...(error === undefined ? {} : { error }),
  }));
  const answer = { type: 'answers', body };
  const failed = results.find(({ success }) => !success)?.failure;
  return failed
    ? { status: 'failed', failure: failed, phase: 'execution', partial: answer, evidence: [], usage }
    : { status: 'completed', answer, evidence: [], usage };
}

/** The body of a text; any other answer keeps its type. */
const bodyOf = (answer: { readonly type: string; readonly body: Json } | undefined): Json =>
  answer === undefined ? null : ['text', 'answers'].includes(answer.type) ? answer.body : { ...answer };

function resultOf(
  { facts, settings, moment }: Desk,
  entry: Queued | Job,
  output: AgentOutput,
  details: Details,
): TaskResult {
  const job = 'attempts' in entry ? entry : undefined;
  const { task } = entry;
  const router = settings.strategy.kind;
  const selected = details.agentId ?? settings.members[job?.member ?? -1]?.id ?? '';
  const reason = details.reason ?? job?.reason;
  const wrong = output.status === 'completed' ? undefined : failureIn(output, job?.stopping);
  const refusal = wrong && refusalIn(wrong);
  const errorKind = wrong && errorKindOf(wrong);
  const guarded = refusal !== undefined && refusal.refusedBy !== router;
  return {
    taskId: idOf(entry),
    agentId: selected,
    output: asZodJson(bodyOf(output.status === 'completed' ? output.answer : output.partial)),
    success: wrong === undefined,
    ...(wrong && errorKind ? { error: wrong.message, errorKind, failure: wrong } : {}),
    stepsUsed: output.usage.steps,
    usage: output.usage,
    metadata: {
      attempts: job?.attempts ?? 0,
      durationMs: job?.began === undefined ? 0 : moment.at - job.began,
      concurrencyWaitMs: (job?.began ?? moment.at) - entry.since,
      timedOut: job?.stopping === 'timeout' && wrong !== undefined,
      deadlineExceeded: errorKind === 'deadlineExceeded',
      cancelled: errorKind === 'cancelled',
      budgetExhausted: errorKind === 'budgetExhausted',
      retryApplied: (job?.attempts ?? 0) > 1,
      routedBy: router,
      executionMode: facts.mode,
      ...(task.correlationId === undefined ? {} : { correlationId: task.correlationId }),
      ...(errorKind ? { errorKind } : {}),
      routing: { router, selected, candidates: job?.candidates ?? 0, ...(reason === undefined ? {} : { reason }) },
      ...(guarded
        ? { guardrail: { name: refusal.refusedBy, ...(refusal.stage ? { stage: refusal.stage } : {}) } }
        : {}),
    },
  };
}
