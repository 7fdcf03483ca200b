/** The line of a log that tells of a commit: how a run begins, is paused and ends, its questions, and what its actors do. */
import { WaitOutput, ticketType } from '../contracts/wait.ts';
import type { ActorRow, HistoryEntry } from '../journal/journal.ts';
import { propertiesOf } from '../values/properties.ts';
import { shortName } from './actorCalls.ts';
import type { LineDraft } from './lineDraft.ts';
import { runEnd, inputIn, machineIn } from './runFacts.ts';

/** What is known of the actor that a commit is of. */
interface Committed {
  readonly root: ActorRow;
  /** As it is by now. */
  readonly row: ActorRow | undefined;
}

/** Undefined for a commit that says nothing to people, such as another turn of the body of a flow. */
export function commitLine(entry: HistoryEntry, { root, row = root }: Committed): LineDraft | undefined {
  if (entry.actor === root.actor) return rootLine(entry, root);
  if (row.type === ticketType) return waitLine(entry, row);
  if (machineIn(row) === 'flow') return undefined;
  const id = shortName(root.run, entry.actor);
  const begins = entry.seq === 1;
  const message = begins ? 'has begun' : entry.status === 'active' ? stepText(entry) : `has ended: ${entry.state}`;
  return step(entry, id, id, begins || entry.status !== 'active' ? 'info' : 'debug', message);
}

const stepText = ({ event, state }: HistoryEntry): string => `${event.type} -> ${state}`;

const step = (
  { at }: HistoryEntry,
  name: string,
  id: string,
  level: LineDraft['level'],
  message: string,
): LineDraft => ({ timestamp: at, level, source: 'step', call: { name, id }, message });

function rootLine(entry: HistoryEntry, root: ActorRow): LineDraft | undefined {
  const runner = (level: LineDraft['level'], message: string): LineDraft => ({
    timestamp: entry.at,
    level,
    source: 'runner',
    message,
  });
  if (entry.status !== 'active') return runner(...endText(entry, root));
  if (entry.seq === 1) return runner('info', 'has begun');
  const { type, body } = entry.event;
  const { reason, name } = propertiesOf(body);
  if (type.endsWith('.pause')) return runner('info', 'was paused');
  if (type.endsWith('.resume')) return runner('info', 'goes on after a pause');
  if (type.endsWith('.cancel'))
    return runner('warning', `is cancelled${typeof reason === 'string' ? `: ${reason}` : ''}`);
  if (type === 'flow.signal') return runner('info', `the signal "${String(name)}" has come`);
  return machineIn(root) === 'flow' ? undefined : runner('debug', stepText(entry));
}

/** The last end of a run is told with its reason; one that was retried since, without. */
function endText({ seq, state, status }: HistoryEntry, root: ActorRow): [LineDraft['level'], string] {
  const end = seq === root.seq ? runEnd(root) : undefined;
  switch (end?.status) {
    case 'done':
      return ['info', 'completed'];
    case 'failed':
      return ['error', `failed: ${end.failure.message}`];
    case 'cancelled':
      return ['warning', `cancelled: ${end.reason}`];
    case undefined:
      return [state === 'failed' ? 'error' : 'warning', status === 'done' ? state : status];
  }
}

function waitLine(entry: HistoryEntry, row: ActorRow): LineDraft | undefined {
  const id = shortName(row.run, row.actor);
  const { name, question } = inputIn(row);
  const label = typeof name === 'string' ? name : id;
  if (entry.seq === 1) return step(entry, label, label, 'info', `waits for an answer: ${String(question)}`);
  if (entry.status === 'active') return undefined;
  const output = WaitOutput.safeParse(propertiesOf(propertiesOf(row.snapshot)['state'])['output']);
  if (!output.success) return step(entry, label, label, 'info', 'is not asked any more');
  const { data } = output;
  if (data.status === 'answered') return step(entry, label, label, 'info', `was answered by ${data.by}`);
  if (data.status === 'aborted')
    return step(entry, label, label, 'warning', `was withdrawn by ${data.by}: ${data.reason}`);
  return step(entry, label, label, 'warning', 'was not answered in time');
}
