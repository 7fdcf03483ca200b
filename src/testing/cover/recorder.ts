/** Records the coverage of every machine that takes a step in this process. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { isDeepStrictEqual } from 'node:util';
import type { AnyStateMachine } from 'xstate';
import { nodeOf } from '../../runtime/charts.ts';
import { everyNode, machineHash } from '../../core/machineShape.ts';
import { nodePlatform } from '../../engine/nodePlatform.ts';
import { stepsChannel, type TracedStep } from '../../engine/trace.ts';
import { probe as probeOf, type Probe } from './probe.ts';
import { mergeRecords, type MachineRecord } from './record.ts';
import { reportOf, type CoverReport } from './report.ts';

/** A recording of coverage; disposing it ends the recording. */
export interface Coverage extends Disposable {
  /** What was covered so far, one record for each machine that took a step. */
  records(): MachineRecord[];
  /** The same as a report: what is covered, and what is missing. */
  report(): CoverReport;
}

/**
 * Records which states, transitions and guard results are covered from now on, until it is disposed: of every machine that `play`, a path's
 * test or a runtime steps in this process.
 * @example using seen = coverage(); play(door, {}, [{ type: 'door.open' }]); expect(seen.report().missing).toEqual([]);
 */
export function coverage(): Coverage {
  const counted = new Map<string, MachineRecord>();
  // Tests may make the same machine many times; machines of one shape share one record.
  const followed = new WeakMap<AnyStateMachine, FollowedMachine>();
  const follow = (machine: AnyStateMachine): FollowedMachine => {
    const before = followed.get(machine);
    if (before) return before;
    const probe = probeOf(machine);
    const key = `${machine.id} ${machineHash(machine, undefined, nodePlatform.sha256)}`;
    const record = counted.get(key) ?? emptyRecord(machine, probe);
    counted.set(key, record);
    const made = { record, probe };
    followed.set(machine, made);
    return made;
  };
  const onStep = (message: unknown) => {
    // Only `tell` publishes on this channel.
    const step = message as TracedStep;
    const { record, probe } = follow(step.machine);
    count(record, probe, step);
  };
  subscribe(stepsChannel, onStep);
  const records = () => mergeRecords(structuredClone([...counted.values()]));
  return {
    records,
    report: () => reportOf(records()),
    [Symbol.dispose]: () => void unsubscribe(stepsChannel, onStep),
  };
}

interface FollowedMachine {
  readonly record: MachineRecord;
  readonly probe: Probe;
}

/** A record with every state, transition and guard, none of them covered. */
function emptyRecord(machine: AnyStateMachine, { guards }: Probe): MachineRecord {
  // A machine is never in a history state.
  const nodes = everyNode(machine.root);
  const states = nodes.filter(({ type }) => type !== 'history');
  const moves = nodes.flatMap(({ id, transitions, always }) =>
    Array.from({ length: [...transitions.values()].flat().length + (always?.length ?? 0) }, (_, i) => `${id}#${i}`),
  );
  return {
    id: machine.id,
    hash: machineHash(machine, undefined, nodePlatform.sha256),
    chart: nodeOf(machine.root),
    steps: 0,
    strays: 0,
    states: Object.fromEntries(states.map(({ id }) => [id, 0])),
    moves: Object.fromEntries(moves.map((place) => [place, 0])),
    guards: Object.fromEntries([...guards].map(([place, name]) => [place, { name, yes: 0, no: 0 }])),
  };
}

/** Counts in place, because there may be a million steps. */
function count(record: MachineRecord, probe: Probe, step: TracedStep): void {
  const sighting = attempt(() => probe.follow(step));
  record.steps++;
  if (!sighting || !isDeepStrictEqual(sighting.snapshot.value, step.to.value)) {
    record.strays++;
    return;
  }
  const { states, moves, guards } = record;
  for (const id of sighting.states) states[id] = (states[id] ?? 0) + 1;
  for (const place of sighting.transitions) moves[place] = (moves[place] ?? 0) + 1;
  for (const [place, yes] of sighting.answers) {
    const guard = guards[place];
    if (guard) guard[yes ? 'yes' : 'no']++;
  }
}

/** A subscriber that throws would end the process that publishes. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
