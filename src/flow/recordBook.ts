/**
 * What a flow has recorded, as its body needs it when it is begun again.
 *
 * RB1 A call inside a nested checkpoint that has ended is left out: the body does not come there again.
 * RB2 After a retry, the call that had failed the flow is performed again, every other call that failed and was not gone on from, and what was told to wait for
 *    them. What else was called after it has no place any more, and a success among that is taken where the body asks for it.
 * RB3 After a retry of a body that had diverged and may be migrated, every success is taken where the body asks for it.
 */
import type { FlowArtifactRecord, FlowCallRecord, FlowRecord } from '../contracts/flow/record.ts';

/** The records of one flow. */
export class RecordBook {
  /** The calls that have ended, in the order in which the body was told. */
  readonly sequence: readonly FlowCallRecord[];
  /** Results that are not told in that order, but when the body asks for them; by the id of the call. */
  readonly kept: ReadonlyMap<string, FlowCallRecord>;
  /** What those calls had saved, by their id. */
  readonly keptArtifacts: ReadonlyMap<string, readonly FlowArtifactRecord[]>;
  /** How many attempts of a call have failed, and when the next one may begin; by its id. */
  readonly attempts: ReadonlyMap<string, { readonly count: number; readonly next: number; readonly began: number }>;
  /** The calls that may have happened although their end is not recorded, with the number of times that each was begun. */
  readonly begun: ReadonlyMap<string, number>;
  /** How many signals of a name were taken. */
  readonly signals: ReadonlyMap<string, number>;
  /** How many facts about the run are recorded. */
  readonly logs: number;
  /** Did its body diverge from it? */
  readonly hasDiverged: boolean;
  /** How often the flow had been retried when its body was begun last. */
  readonly life: number;

  /** `kept`: what the run takes from the one that it replays. */
  constructor(records: readonly FlowRecord[], kept: readonly (FlowCallRecord | FlowArtifactRecord)[] = []) {
    const attempts = new Map<string, { count: number; next: number; began: number }>();
    const begun = new Map<string, number>();
    const times = new Map<string, number>();
    const signals = new Map<string, number>();
    const keptById = new Map(
      kept.flatMap((record) => (record.record === 'call' ? [[record.id, record] as const] : [])),
    );
    const artifacts = new Map<string, FlowArtifactRecord[]>();
    for (const record of kept)
      if (record.record === 'artifact') artifacts.set(record.call, [...(artifacts.get(record.call) ?? []), record]);
    let sequence: FlowCallRecord[] = [];
    let failed: string | undefined;
    /** How many facts were recorded before the call of this id ended. */
    const logsBefore = new Map<string, number>();
    let hasDiverged = false;
    let logs = 0;
    let life = 0;
    for (const record of records) {
      switch (record.record) {
        case 'call':
          sequence.push(record);
          logsBefore.set(record.id, logs);
          if (record.kind === 'signal' && record.from === undefined) addOne(signals, record.name ?? record.id);
          begun.delete(record.id);
          attempts.delete(record.id);
          break;
        case 'attempt': {
          const began = attempts.get(record.id)?.began ?? record.at;
          attempts.set(record.id, { count: record.attempt, next: record.next, began });
          // It has failed, so nothing of it is under way.
          begun.delete(record.id);
          break;
        }
        case 'begun':
          begun.set(record.id, addOne(times, record.id));
          break;
        case 'log':
          logs++;
          break;
        case 'failed':
          failed = record.call;
          hasDiverged = record.failure.kind === 'diverged';
          break;
        case 'retry':
          life = record.life;
          if (record.migrated) {
            for (const each of sequence) if (each.outcome.ok) keptById.set(each.id, each);
            sequence = [];
          } else sequence = withoutFailed(sequence, failed, keptById);
          // What it said after that it may say again, or not at all.
          logs = logsBefore.get(failed ?? '') ?? logs;
          failed = undefined;
          hasDiverged = false;
          attempts.clear();
          break;
        case 'artifact':
          break;
      }
    }
    const ended = new Map(sequence.map(({ id, scope }) => [id, scope]));
    // A scope that has ended is in the sequence; one that has not is begun again.
    this.sequence = sequence.filter(({ scope }) => scope === undefined || !isInside(scope, ended));
    this.kept = keptById;
    this.keptArtifacts = artifacts;
    this.attempts = attempts;
    this.begun = begun;
    this.signals = signals;
    this.hasDiverged = hasDiverged;
    this.logs = logs;
    this.life = life;
  }
}

/** Counts one more; gives how many there are. */
function addOne(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}

/** Is one of the scopes around it the scope of a call that has ended? `ended`: the scope of each call that has, by its id. */
function isInside(scope: string, ended: ReadonlyMap<string, string | undefined>): boolean {
  for (let at = scope; ;) {
    if (ended.has(at)) return true;
    // The id of a call begins with that of its scope.
    const end = at.lastIndexOf('/');
    if (end === -1) return false;
    at = at.slice(0, end);
  }
}

/** The sequence without the call that failed the flow and all that was called after it; successes among those go to `kept`. */
function withoutFailed(
  sequence: FlowCallRecord[],
  failed: string | undefined,
  kept: Map<string, FlowCallRecord>,
): FlowCallRecord[] {
  const found = failed === undefined ? -1 : sequence.findLastIndex(({ id }) => id === failed);
  const place = found === -1 ? sequence.length : found;
  const places = new Map(sequence.map(({ id }, at) => [id, at]));
  // A failure after which nothing was called was not gone on from.
  const followed = new Set(sequence.map(({ after }) => after));
  const again = new Set<string>();
  for (const { id, outcome, waitedFor } of sequence)
    if (id === failed || (!outcome.ok && !followed.has(id)) || waitedFor?.some((each) => again.has(each)))
      again.add(id);
  const isAfter = ({ id, after }: FlowCallRecord) => again.has(id) || (places.get(after ?? '') ?? -1) >= place;
  for (const record of sequence) {
    if (again.has(record.id)) kept.delete(record.id);
    else if (isAfter(record) && record.outcome.ok) kept.set(record.id, record);
  }
  return sequence.filter((record) => !isAfter(record));
}
