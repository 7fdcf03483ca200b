/** The lines of a log that tell what a flow has recorded, or what an effect has given. */
import type { FlowCallRecord, FlowRecord } from '../contracts/flow/record.ts';
import type { LedgerEntry } from '../journal/journal.ts';
import type { LineDraft } from './lineDraft.ts';

/** At most four lines. `named`: the invocation id of a call in its run. `begins`: the call is told of for the first time. */
export function recordLines(record: FlowRecord, named: (id: string) => string, begins: boolean): LineDraft[] {
  const runner = (level: LineDraft['level'], message: string, at: number): LineDraft => ({
    timestamp: at,
    level,
    source: 'runner',
    message,
  });
  const step = (id: string, level: LineDraft['level'], message: string, at: number, name: string = id): LineDraft => ({
    timestamp: at,
    level,
    source: 'step',
    call: { name, id: named(id) },
    message,
  });
  switch (record.record) {
    case 'call':
      return callLines(record, begins, (...line) => step(record.id, ...line, record.name ?? record.id));
    case 'attempt': {
      const { id, attempt, at, ms, failure } = record;
      const failed = step(id, 'warning', `attempt ${attempt} failed after ${ms} ms: ${failure.message}`, at + ms);
      return begins ? [step(id, 'debug', 'has begun', at), failed] : [failed];
    }
    case 'begun':
      return [step(record.id, 'info', `attempt ${record.attempt ?? 1} is under way`, record.at, record.name)];
    case 'stopped':
      return [step(record.id, 'info', 'was stopped', record.at)];
    case 'stopping':
      return [runner('info', `is told to stop: ${record.reason}`, record.at)];
    case 'artifact': {
      const { call, name, type, bytes, at } = record;
      return [step(call, 'info', `saved "${name}" (${type}, ${bytes} bytes)`, at)];
    }
    case 'log':
      return [runner('info', JSON.stringify(record.data), record.at)];
    // The end of the flow tells it.
    case 'failed':
      return [];
    case 'retry':
      return [runner('info', `is retried, for the ${ordinal(record.life)} time`, record.at)];
  }
}

type StepLine = (level: LineDraft['level'], message: string, at: number) => LineDraft;

function callLines(
  { kind, at, ms, from, outcome, metadata }: FlowCallRecord,
  begins: boolean,
  step: StepLine,
): LineDraft[] {
  const end = at + ms;
  const facts = metadata && Object.keys(metadata).length > 0 ? [step('info', JSON.stringify(metadata), end)] : [];
  if (from !== undefined) return [...facts, step('info', takenFrom[from], end)];
  const begun = begins && (kind === 'checkpoint' || kind === 'child') ? [step('debug', 'has begun', at)] : [];
  const ended = outcome.ok
    ? step('info', `completed after ${ms} ms`, end)
    : step('error', `failed after ${ms} ms: ${outcome.failure.message}`, end);
  return [...begun, ...facts, ended];
}

const takenFrom: Readonly<Record<NonNullable<FlowCallRecord['from']>, string>> = {
  replay: 'taken from what was recorded',
  cache: 'taken from an earlier run',
  override: 'given instead of what was recorded',
};

const ordinal = (n: number): string => (n === 1 ? 'first' : n === 2 ? 'second' : n === 3 ? 'third' : `${n}th`);

/** The line of an effect of an agent, a team or a machine. `call`: the short name of its actor. */
export const resultLine = ({ at, name, outcome }: LedgerEntry, call: string): LineDraft => ({
  timestamp: at,
  level: outcome.ok ? 'debug' : 'warning',
  source: 'step',
  call: { name: call, id: call },
  message: outcome.ok ? `${name} has answered` : `${name} failed: ${outcome.failure.message}`,
});
