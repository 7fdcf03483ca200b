/** What was done in a run that is no flow, as calls: the steps of a workflow, and the members, tool calls and questions of agents and teams. */
import type { CheckpointInfo } from '../contracts/client/execution.ts';
import { usedMetrics } from '../contracts/workflow/metrics.ts';
import { StepRecord, type StepMetrics } from '../contracts/workflow/step.ts';
import { ticketType } from '../contracts/wait.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';
import type { Failure } from '../values/failure.ts';
import { actorKeyOf } from '../values/ids.ts';
import { propertiesOf } from '../values/properties.ts';
import { failureInfo } from './failureInfo.ts';
import { runEnd, inputIn, machineIn } from './runFacts.ts';

/** The list of a workflow with the records of its steps. */
const stepsList = 'records';

/** The steps of a workflow that have ended; of one that was done again, the last. */
export async function workflowSteps(
  journal: Pick<Journal, 'list'>,
  { run, actor }: ActorRow,
): Promise<CheckpointInfo[]> {
  const records = (await journal.list(actor, stepsList)).map((entry) => StepRecord.parse(entry));
  const last = new Map(records.map((record) => [record.id, record]));
  return [...last.values()].map(({ id, started_at, ended_at, end }): CheckpointInfo => ({
    call_id: `${run}/${id}`,
    invocation_id: id,
    name: id,
    kind: 'checkpoint',
    checkpoint_type: 'step',
    status: end.status === 'failed' ? 'failed' : 'completed',
    started_at,
    ended_at,
    parent_call_ids: [],
    metadata: { ...metricsOf(usedMetrics(end)), ...(end.status === 'skipped' ? { skipped: end.reason } : {}) },
    ...(end.status === 'complete' && end.cached ? { from: 'cache' as const } : {}),
    ...(end.status === 'failed' ? { failure: failureInfo(end.failure) } : {}),
    attempts: [],
  }));
}

/** What a step used up, without what is not known. */
const metricsOf = ({ reflect_calls: reflected, model_resolved: model, ...metrics }: StepMetrics) => ({
  metrics: {
    ...metrics,
    ...(reflected === undefined ? {} : { reflect_calls: reflected }),
    ...(model === undefined ? {} : { model_resolved: model }),
  },
});

/** The actors below the root, as calls of it. */
export const actorCalls = (root: ActorRow, rows: readonly ActorRow[]): CheckpointInfo[] =>
  rows
    .filter(({ actor }) => actor !== root.actor)
    .toSorted((a, b) => a.created - b.created)
    .map((row) => actorCall(root, row));

function actorCall(root: ActorRow, row: ActorRow): CheckpointInfo {
  const { run, actor, parent, created, updated, status, type } = row;
  const end = ending(row);
  const id = shortName(run, actor);
  return {
    call_id: `${run}/${id}`,
    invocation_id: id,
    name: nameOfCall(row, id),
    kind: type === ticketType ? 'wait' : machineIn(row) === 'toolCall' ? 'checkpoint' : 'child',
    ...(machineIn(row) === 'toolCall' ? { checkpoint_type: 'tool_call' } : {}),
    status: end.status,
    started_at: created,
    ...(status === 'active' ? {} : { ended_at: updated }),
    parent_call_ids: parent === undefined || parent === root.actor ? [] : [`${run}/${shortName(run, parent)}`],
    metadata: {},
    ...(end.failure ? { failure: failureInfo(end.failure) } : {}),
    attempts: [],
  };
}

/** The address of an actor without that of its run: `wait/job-1.ask` is `ask`. */
export function shortName(run: string, actor: string): string {
  const key = actorKeyOf(actor);
  return key.startsWith(`${run}.`) ? key.slice(run.length + 1) : key;
}

/** A tool call is named by its tool. */
function nameOfCall(row: ActorRow, id: string): string {
  const { call, name } = inputIn(row);
  const given = row.type === ticketType ? name : propertiesOf(call)['name'];
  return typeof given === 'string' && given !== '' ? given : id;
}

function ending(row: ActorRow): { readonly status: CheckpointInfo['status']; readonly failure?: Failure } {
  if (row.status === 'active') return { status: row.type === ticketType ? 'waiting' : 'running' };
  const output = propertiesOf(propertiesOf(propertiesOf(row.snapshot)['state'])['output']);
  if (row.type === ticketType && output['status'] !== 'answered') return { status: 'cancelled' };
  if (machineIn(row) === 'toolCall' && output['ok'] === false) return { status: 'failed' };
  const end = runEnd(row);
  if (end?.status === 'failed') return { status: 'failed', failure: end.failure };
  return { status: end?.status === 'cancelled' ? 'cancelled' : 'completed' };
}
