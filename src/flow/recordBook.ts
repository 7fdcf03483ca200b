/**
 * What a flow has recorded, as its body needs it when it is begun again.
 *
 * RB1 A call inside a nested checkpoint that has ended is left out: the body does not come there again.
 * RB2 After a retry, the rest of an earlier life is taken (`retriedSequence.ts`). A success that is performed again all the same is another call than it was: it has a key
 *    of its own.
 * RB3 After a retry of a body that had diverged and may be migrated, every success is taken where the body asks for it, but for those of a clean-up (RT4).
 */
import type { FlowArtifactRecord, FlowCallRecord, FlowRecord, ToldRecord } from '../contracts/flow/record.ts';
import type { Failure } from '../values/failure.ts';
import { retriedSequence } from './retriedSequence.ts';

/** The records of one flow. */
export class RecordBook {
  /** What the body was told, in order: the ends of calls, and that it is to stop. */
  readonly told: readonly ToldRecord[];
  /** The calls of these. */
  readonly sequence: readonly FlowCallRecord[];
  /** Results that are not told in that order, but when the body asks for them; by the id of the call. */
  readonly kept: ReadonlyMap<string, FlowCallRecord>;
  /** What those calls had saved, by their id. */
  readonly keptArtifacts: ReadonlyMap<string, readonly FlowArtifactRecord[]>;
  /** How many attempts of a call have failed, and when the next one may begin; by its id. */
  readonly attempts: ReadonlyMap<string, { readonly count: number; readonly next: number; readonly began: number }>;
  /** The calls that may have happened although no end of them is recorded, or none that says so. */
  readonly begun: ReadonlySet<string>;
  /** How often a call is recorded as begun; by its id. */
  readonly timesBegun: ReadonlyMap<string, number>;
  /** The calls that are made anew although they had succeeded, with the number of the life that makes them. */
  readonly anew: ReadonlyMap<string, number>;
  /** How many signals of a name were taken. */
  readonly signals: ReadonlyMap<string, number>;
  /** How many facts about the run are recorded. */
  readonly logs: number;
  /** How its body has thrown, or diverged, in its present life; undefined when it has not. */
  readonly failure: Failure | undefined;
  /** Was it told to stop in its present life? */
  readonly isStopping: boolean;
  /** How often the flow had been retried when its body was begun last. */
  readonly life: number;

  /** `kept`: what the run takes from the one that it replays. */
  constructor(records: readonly FlowRecord[], kept: readonly (FlowCallRecord | FlowArtifactRecord)[] = []) {
    const attempts = new Map<string, { count: number; next: number; began: number }>();
    const begun = new Set<string>();
    const times = new Map<string, number>();
    const signals = new Map<string, number>();
    const keptById = new Map(
      kept.flatMap((record) => (record.record === 'call' ? [[record.id, record] as const] : [])),
    );
    const artifacts = new Map<string, FlowArtifactRecord[]>();
    for (const record of kept)
      if (record.record === 'artifact') artifacts.set(record.call, [...(artifacts.get(record.call) ?? []), record]);
    let told: ToldRecord[] = [];
    const anew = new Map<string, number>();
    const makeAnew = (id: string, inLife: number) => {
      keptById.delete(id);
      anew.set(id, inLife);
    };
    let failed: string | undefined;
    /** How many facts were recorded before the call of this id ended. */
    const logsBefore = new Map<string, number>();
    let failure: Failure | undefined;
    let logs = 0;
    /** How many there were when it was told to stop, in its present life. */
    let logsBeforeStop: number | undefined;
    let life = 0;
    for (const record of records) {
      switch (record.record) {
        case 'call':
          told.push(record);
          logsBefore.set(record.id, logs);
          if (record.kind === 'signal' && record.from === undefined) addOne(signals, record.name ?? record.id);
          if (!isUncertain(record)) begun.delete(record.id);
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
          begun.add(record.id);
          addOne(times, record.id);
          break;
        case 'log':
          logs++;
          break;
        case 'failed':
          failed = record.call;
          ({ failure } = record);
          break;
        case 'stopping':
          told.push(record);
          logsBeforeStop ??= logs;
          break;
        case 'retry': {
          life = record.life;
          const calls = told.filter(isCall);
          if (record.migrated) {
            for (const each of calls) {
              if (!each.outcome.ok) continue;
              if (each.cleanUp) makeAnew(each.id, record.life);
              else keptById.set(each.id, each);
            }
            told = [];
          } else {
            const { taken, kept: later, again } = retriedSequence(calls, failed);
            for (const each of later) keptById.set(each.id, each);
            for (const { id, outcome } of again) {
              if (outcome.ok) makeAnew(id, record.life);
              else keptById.delete(id);
            }
            told = [...taken];
          }
          // What it said after that it may say again, or not at all.
          logs = Math.min(logsBefore.get(failed ?? '') ?? logs, logsBeforeStop ?? logs);
          logsBeforeStop = undefined;
          failed = undefined;
          failure = undefined;
          attempts.clear();
          break;
        }
        case 'artifact':
        case 'stopped':
          break;
      }
    }
    const ended = new Map(told.filter(isCall).map(({ id, scope }) => [id, scope]));
    // A scope that has ended is in the sequence; one that has not is begun again.
    this.told = told.filter((each) => !isCall(each) || each.scope === undefined || !isInside(each.scope, ended));
    this.sequence = this.told.filter(isCall);
    this.isStopping = this.told.length > this.sequence.length;
    this.kept = keptById;
    this.keptArtifacts = artifacts;
    this.attempts = attempts;
    this.begun = begun;
    this.timesBegun = times;
    this.anew = anew;
    this.signals = signals;
    this.failure = failure;
    this.logs = logs;
    this.life = life;
  }
}

const isCall = (record: ToldRecord): record is FlowCallRecord => record.record === 'call';

/** Did it end although nobody knows whether it happened? A retry asks about it. */
export const isUncertain = ({ outcome }: Pick<FlowCallRecord, 'outcome'>): boolean =>
  !outcome.ok && outcome.failure.kind === 'uncertain';

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
