/** One run as a client sees it: its status, its calls, its artifacts and its result. */
import type { CheckpointInfo, Execution, ExecutionStatus, PendingWait } from '../contracts/client/execution.ts';
import { mergeFacts } from '../../actors/flow/facts.ts';
import type { ActorRow, LedgerEntry } from '../journal/journal.ts';
import { isPaused } from '../runtime/paused.ts';
import { isFlowWaiting, standingsOf } from '../runtime/standing.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { isJsonObject, type JsonObject } from '../values/json.ts';
import { actorCalls, workflowSteps } from './actorCalls.ts';
import { failureInfo } from './failureInfo.ts';
import { flowCalls } from './flowCalls.ts';
import { flowHistories, type FlowHistory } from './flowHistory.ts';
import { viewOfStored } from '../flow/jsonView.ts';
import { askedWaits, unanswered } from './pendingWaits.ts';
import { flowArtifactCount, flowArtifacts, heldArtifacts, type RunArtifact } from './runArtifacts.ts';
import { aboutOf, definitionKind, definitionName, runEnd, inputIn, mostActors, rootRow } from './runFacts.ts';

/** What is read to show a run. */
export type ClientReader = Pick<Runtime, 'journal' | 'now' | 'tickets'>;

/** All that is stored of a run that its views are made of. */
export interface RunContent {
  readonly root: ActorRow;
  readonly rows: readonly ActorRow[];
  readonly ledger: readonly LedgerEntry[];
  /** Its flows, the root first; none for a run that has no flow. */
  readonly flows: readonly FlowHistory[];
}

/** Reads a run, whose root may be known already. Rejects with `unknown_recipient` when there is none. */
export async function runContent(
  { journal }: Pick<ClientReader, 'journal'>,
  run: string,
  known?: ActorRow,
): Promise<RunContent> {
  const root = known ?? (await rootRow(journal, run));
  const [rows, ledger] = await Promise.all([journal.find({ run, limit: mostActors }), journal.ledger(run)]);
  return { root, rows, ledger, flows: flowHistories(rows, ledger) };
}

/** The calls of a run, in the order in which they began. */
export async function callsOfRun(
  { journal }: Pick<ClientReader, 'journal'>,
  { root, rows, flows }: RunContent,
): Promise<CheckpointInfo[]> {
  const kind = definitionKind(root);
  if (kind === 'workflow') return workflowSteps(journal, root);
  const ofFlows = flows.flatMap((flow) => flowCalls(flow, rows));
  const calls = kind === 'flow' ? ofFlows : [...actorCalls(root, outsideFlows(rows, flows)), ...ofFlows];
  return calls.toSorted((a, b) => a.started_at - b.started_at);
}

/** The actors that are not below a flow: what a flow has called is in its history. */
function outsideFlows(rows: readonly ActorRow[], flows: RunContent['flows']): readonly ActorRow[] {
  if (flows.length === 0) return rows;
  const parentOf = new Map(rows.map(({ actor, parent }) => [actor, parent]));
  const ofFlows = new Set(flows.map(({ row }) => row.actor));
  const isBelow = ({ parent }: Pick<ActorRow, 'parent'>): boolean => {
    let at = parent;
    while (at !== undefined && !ofFlows.has(at)) at = parentOf.get(at);
    return at !== undefined;
  };
  return rows.filter((row) => !isBelow(row));
}

/** The artifacts of a run, in the order in which they were made. */
export async function artifactsOf(
  { journal }: Pick<ClientReader, 'journal'>,
  { root, rows, ledger, flows }: RunContent,
): Promise<RunArtifact[]> {
  const ofFlows = flows.length === 0 ? [] : await flowArtifacts(journal, { run: root.run, ledger, flows });
  return [...ofFlows, ...(await heldArtifacts(journal, rows))];
}

/** The run with all its calls and artifacts. */
export async function executionOf(reader: ClientReader, run: string): Promise<Execution> {
  const content = await runContent(reader, run);
  const checkpoints = await callsOfRun(reader, content);
  const artifacts = (await artifactsOf(reader, content))
    .map(({ info }) => info)
    .filter(({ exec_id: of }) => of === run);
  const { root, flows } = content;
  const reason = root.status === 'active' ? (await standingsOf(reader, [root])).get(run)?.reason : undefined;
  return {
    ...(await runSummary(reader, root)),
    ...(reason === undefined ? {} : { status_reason: reason }),
    metadata: metadataOf(root, flows),
    checkpoint_count: checkpoints.length,
    artifact_count: artifacts.length,
    checkpoints,
    artifacts,
  };
}

/** How many calls and artifacts a run has, without reading their contents. */
export async function runCounts(
  reader: Pick<ClientReader, 'journal'>,
  root: ActorRow,
): Promise<Pick<Execution, 'checkpoint_count' | 'artifact_count'>> {
  const content = await runContent(reader, root.run, root);
  const held = await heldArtifacts(reader.journal, content.rows);
  return {
    checkpoint_count: (await callsOfRun(reader, content)).length,
    artifact_count: flowArtifactCount(content.flows) + held.length,
  };
}

/** What the root alone says of a run: without its calls, its artifacts, and what its body has logged. */
export async function runSummary(reader: ClientReader, root: ActorRow): Promise<Execution> {
  const { run, created, updated } = root;
  const end = runEnd(root);
  const waits = end ? [] : unanswered(await askedWaits(reader.journal, { run, now: reader.now() }));
  const { frozen_execution_spec: frozen } = aboutOf(root);
  const { replayOf } = inputIn(root);
  const reason = statusReason(root, end);
  return {
    exec_id: run,
    flow_name: definitionName(root),
    kind: definitionKind(root),
    status: await executionStatus(reader.journal, root, waits),
    started_at: created,
    ...(end ? { ended_at: updated } : {}),
    ...(reason === undefined ? {} : { status_reason: reason }),
    ...(end?.status === 'failed' ? { failure: failureInfo(end.failure) } : {}),
    ...(waits[0] ? { pending_wait: waits[0] } : {}),
    metadata: metadataOf(root, []),
    ...(frozen === undefined ? {} : { frozen_execution_spec: frozen }),
    ...(typeof replayOf === 'string' ? { original_exec_id: replayOf } : {}),
    ...(end?.status === 'done'
      ? { result: viewOfStored({ json: end.output, ...(end.encoded ? { encoded: true } : {}) }) }
      : {}),
    checkpoint_count: 0,
    artifact_count: 0,
    checkpoints: [],
    artifacts: [],
  };
}

/** Why it has ended so, or what it does before it ends. */
function statusReason({ tags }: ActorRow, end: ReturnType<typeof runEnd>): string | undefined {
  if (end?.status === 'cancelled') return end.reason;
  if (end?.status === 'failed') return end.failure.message;
  return !end && tags.includes('stopping') ? 'It was told to stop, and is cleaning up.' : undefined;
}

/** The status for people. A run with an open question waits, also while a process is at work on it. */
async function executionStatus(
  journal: ClientReader['journal'],
  root: ActorRow,
  waits: readonly PendingWait[],
): Promise<ExecutionStatus> {
  const end = runEnd(root);
  if (end) return end.status === 'done' ? 'completed' : end.status;
  if (isPaused(root)) return 'paused';
  return waits.length > 0 || (await isFlowWaiting(journal, root)) ? 'waiting' : 'running';
}

/** What it was started with, and what its body has logged about it. */
function metadataOf(root: ActorRow, flows: readonly FlowHistory[]): JsonObject {
  const { name: _, version: __, frozen_execution_spec: ___, replayOf: ____, ...about } = aboutOf(root);
  const own = flows.find(({ path }) => path === undefined);
  let facts: JsonObject = about;
  for (const { record } of own?.records ?? [])
    if (record.record === 'log' && isJsonObject(record.data)) facts = mergeFacts(facts, record.data);
  return facts;
}
