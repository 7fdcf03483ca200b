/** The calls of a flow as a client sees them: those that have ended, those that are tried again, and what is waited for. */
import type { CheckpointAttempt, CheckpointInfo } from '../contracts/client/execution.ts';
import type { FlowBegunRecord, FlowCallKind, FlowCallRecord } from '../contracts/flow/record.ts';
import { ticketType } from '../contracts/wait.ts';
import type { ActorRow } from '../journal/journal.ts';
import { signalsAwaitedBy } from '../runtime/awaitedSignals.ts';
import { propertiesOf } from '../values/properties.ts';
import { unsettledCalls } from '../flow/unsettledCalls.ts';
import type { Failure } from '../values/failure.ts';
import { failureInfo } from './failureInfo.ts';
import { callName, flowPath, type FlowHistory } from './flowHistory.ts';
import { inputIn } from './runFacts.ts';

interface Draft {
  readonly attempts: CheckpointAttempt[];
  record?: FlowCallRecord;
  /** When it began, as far as is known. */
  began: number;
  /** When its next attempt may begin. */
  next?: number;
  /** It had failed, and the run was retried since. */
  isReopened?: boolean;
  /** The attempt that is under way; absent where none is recorded as begun. */
  begun?: FlowBegunRecord;
  /** It was stopped, and has come to nothing. */
  isStopped?: boolean;
}

/** What the machine of a flow waits for. */
interface OpenCall {
  readonly id: string;
  readonly kind: FlowCallKind;
  readonly began: number;
}

/** The calls of one flow, in the order in which they began. `rows` are the actors of the run. */
export function flowCalls(history: FlowHistory, rows: readonly ActorRow[]): CheckpointInfo[] {
  const drafts = draftsOf(history);
  const requested = openCalls(history.row, rows).filter(({ id }) => isUnended(drafts.get(id)));
  const open = [...requested, ...awaitedCalls(history.row, drafts)];
  const opened = openings(history, rows);
  const unsettled =
    history.row.status === 'active' ? undefined : unsettledCalls(history.records.map(({ record }) => record));
  const calls = [...drafts].flatMap(([id, draft]): CheckpointInfo[] =>
    open.some((one) => one.id === id)
      ? []
      : [withDoubt(sinceOpened(callOf(history, id, draft), opened.get(id)), unsettled?.get(id))],
  );
  const waiting = open.map((one) => openCallInfo(history, one, drafts.get(one.id)?.attempts ?? []));
  return [...calls, ...waiting].toSorted((a, b) => a.started_at - b.started_at);
}

/** Of a write that was stopped in the middle it is said that it may have happened. `key`: its key, where it is such a write. */
const withDoubt = (call: CheckpointInfo, key: string | undefined): CheckpointInfo =>
  key === undefined || call.failure ? call : { ...call, failure: failureInfo(stoppedWrite(key)) };

const stoppedWrite = (key: string): Failure => ({
  kind: 'uncertain',
  message: `It was stopped in the middle and may have happened: look it up under its key "${key}".`,
  retryable: false,
});

const isUnended = (draft: Draft | undefined): boolean => draft?.record === undefined || draft.isReopened === true;

function draftsOf({ records }: FlowHistory): Map<string, Draft> {
  const drafts = new Map<string, Draft>();
  const draftOf = (id: string, began: number): Draft => {
    const draft = drafts.get(id) ?? { attempts: [], began };
    drafts.set(id, draft);
    return draft;
  };
  for (const { record } of records) {
    if (record.record === 'attempt') {
      const draft = draftOf(record.id, record.at);
      draft.attempts.push({
        attempt: draft.attempts.length + 1,
        status: 'failed',
        started_at: record.at,
        ended_at: record.at + record.ms,
        metadata: { ...record.metadata },
        failure: failureInfo(record.failure),
      });
      draft.next = record.next;
      delete draft.begun;
    } else if (record.record === 'begun') {
      const draft = draftOf(record.id, record.at);
      draft.begun = record;
      delete draft.isStopped;
    } else if (record.record === 'stopped') stop(draftOf(record.id, record.at));
    // What finishes all the same is recorded after it.
    else if (record.record === 'failed') drafts.forEach(stop);
    else if (record.record === 'call') takeCall(draftOf(record.id, record.at), record);
    else if (record.record === 'retry')
      for (const draft of drafts.values()) if (draft.record && !draft.record.outcome.ok) draft.isReopened = true;
  }
  return drafts;
}

function stop(draft: Draft): void {
  if (draft.begun) draft.isStopped = true;
  delete draft.begun;
}

function takeCall(draft: Draft, record: FlowCallRecord): void {
  // A success that the run itself had before it was retried stays what it was.
  if (record.from !== undefined && draft.record?.outcome.ok) return;
  const { outcome, at, ms } = record;
  if (record.from === undefined && record.kind === 'checkpoint')
    draft.attempts.push({
      attempt: draft.attempts.length + 1,
      status: outcome.ok ? 'completed' : 'failed',
      started_at: draft.next === undefined ? at : Math.min(draft.next, at + ms),
      ended_at: at + ms,
      metadata: { ...record.metadata },
      ...(outcome.ok ? {} : { failure: failureInfo(outcome.failure) }),
    });
  draft.record = record;
  delete draft.begun;
  delete draft.isStopped;
  delete draft.next;
  delete draft.isReopened;
}

function callOf(
  { path, row }: FlowHistory,
  id: string,
  { attempts: ended, record, began, begun, isReopened, isStopped = false }: Draft,
): CheckpointInfo {
  const named = (call: string) => `${row.run}/${callName(path, call)}`;
  const isAtWork = row.status === 'active' && !isStopped && (record === undefined || isReopened === true);
  const attempts = isAtWork && begun ? [...ended, runningAttempt(begun, ended.length + 1)] : ended;
  const { outcome, after, waitedFor = [] } = record ?? {};
  const { scope, type } = record ?? begun ?? {};
  const above = [scope, after, ...waitedFor].filter((call) => call !== undefined);
  const failure = outcome && !outcome.ok ? failureInfo(outcome.failure) : undefined;
  return {
    call_id: named(id),
    invocation_id: callName(path, id),
    name: record?.name ?? begun?.name ?? id,
    kind: record?.kind ?? 'checkpoint',
    ...(type === undefined ? {} : { checkpoint_type: type }),
    status: isAtWork ? 'running' : outcome === undefined ? 'cancelled' : outcome.ok ? 'completed' : 'failed',
    started_at: attempts[0]?.started_at ?? record?.at ?? began,
    ...(record && !isAtWork ? { ended_at: record.at + record.ms } : {}),
    parent_call_ids:
      above.length > 0 ? [...new Set(above)].map(named) : path === undefined ? [] : [`${row.run}/${path}`],
    metadata: { ...(record?.metadata ?? attempts.at(-1)?.metadata) },
    ...(record?.from === undefined ? {} : { from: record.from }),
    ...(failure && !isAtWork ? { failure } : {}),
    attempts,
  };
}

const runningAttempt = ({ at, attempt }: FlowBegunRecord, nth: number): CheckpointAttempt => ({
  attempt: attempt ?? nth,
  status: 'running',
  started_at: at,
  metadata: {},
});

/** The requests that the machine of a flow has not got an end for. */
function openCalls(row: ActorRow, rows: readonly ActorRow[]): OpenCall[] {
  if (row.status !== 'active') return [];
  const { open } = propertiesOf(propertiesOf(propertiesOf(row.snapshot)['state'])['context']);
  return Object.entries(propertiesOf(open)).flatMap(([child, request]): OpenCall[] => {
    const { call, kind } = propertiesOf(request);
    if (typeof call !== 'string' || typeof kind !== 'string') return [];
    const asked = rows.find(({ parent, actor }) => parent === row.actor && actor.endsWith(`.${child}`));
    // The machine of a flow writes it.
    return [{ id: call, kind: kind as FlowCallKind, began: asked?.created ?? row.updated }];
  });
}

/** The signals that the flow waits for. The machine knows their names; the id of a call is the first one of its name that is free. */
function awaitedCalls(row: ActorRow, drafts: ReadonlyMap<string, Draft>): OpenCall[] {
  return signalsAwaitedBy(row).map(({ name }) => {
    const base = name.replaceAll('/', '_');
    let id = base;
    for (let nth = 2; !isUnended(drafts.get(id)); nth++) id = `${base}_${nth}`;
    return { id, kind: 'signal', began: row.updated };
  });
}

/** When the questions and the child flows of a flow were opened, by their calls. A body that is run again in another process makes the same call later. */
function openings({ path, row }: FlowHistory, rows: readonly ActorRow[]): ReadonlyMap<string, number> {
  const opened = new Map<string, number>();
  for (const below of rows) {
    if (below.parent !== row.actor) continue;
    const { name } = inputIn(below);
    const own = path === undefined ? '' : `${path}/`;
    const call = below.type === ticketType ? name : flowPath(below)?.slice(own.length);
    if (typeof call === 'string') opened.set(call, Math.min(below.created, opened.get(call) ?? Infinity));
  }
  return opened;
}

const sinceOpened = (call: CheckpointInfo, opened: number | undefined): CheckpointInfo =>
  opened === undefined || opened >= call.started_at ? call : { ...call, started_at: opened };

const openCallInfo = (
  { path, row }: FlowHistory,
  { id, kind, began }: OpenCall,
  attempts: CheckpointAttempt[],
): CheckpointInfo => ({
  call_id: `${row.run}/${callName(path, id)}`,
  invocation_id: callName(path, id),
  name: id,
  kind,
  status: kind === 'child' ? 'running' : 'waiting',
  started_at: began,
  parent_call_ids: path === undefined ? [] : [`${row.run}/${path}`],
  metadata: {},
  attempts,
});
