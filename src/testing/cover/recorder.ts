/** Listens to every step of this process, and counts what was seen of each machine. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { isDeepStrictEqual } from 'node:util';
import type { AnyStateMachine } from 'xstate';
import { nodeOf } from '../../charts.ts';
import { everyNode, hashOf } from '../../system/shape.ts';
import { nodePlatform } from '../../system/nodePlatform.ts';
import type { TracedStep } from '../../system/platform.ts';
import { stepsChannel } from '../../system/steps.ts';
import { probe, type Probe } from './probe.ts';
import { merged, type MachineRecord } from './record.ts';
import { reportOf, type CoverReport } from './report.ts';

export interface Coverage extends Disposable {
  /** What was seen so far, of each machine that took a step. */
  records(): MachineRecord[];
  report(): CoverReport;
}

/**
 * Records which states, transitions and outcomes of guards are seen from now on, until it is disposed: of every machine that
 * `play`, a path or a runtime steps in this process.
 * @example using seen = coverage(); play(door, {}, [{ type: 'door.open' }]); expect(seen.report().missing).toEqual([]);
 */
export function coverage(): Coverage {
  const counted = new Map<string, MachineRecord>();
  // Machines come and go with the tests that make them; one shape is one record.
  const sights = new WeakMap<AnyStateMachine, Sight>();
  const known = (machine: AnyStateMachine): Sight => {
    const before = sights.get(machine);
    if (before) return before;
    const made = probe(machine);
    const key = `${machine.id} ${hashOf(machine, undefined, nodePlatform.sha256)}`;
    const record = counted.get(key) ?? blank(machine, made);
    counted.set(key, record);
    const sight = { record, probe: made };
    sights.set(machine, sight);
    return sight;
  };
  const hear = (message: unknown) => {
    const step = message as TracedStep;
    const { record, probe } = known(step.machine);
    note(record, probe, step);
  };
  subscribe(stepsChannel, hear);
  const records = () => merged(structuredClone([...counted.values()]));
  return {
    records,
    report: () => reportOf(records()),
    [Symbol.dispose]: () => void unsubscribe(stepsChannel, hear),
  };
}

interface Sight {
  readonly record: MachineRecord;
  readonly probe: Probe;
}

function blank(machine: AnyStateMachine, { guards }: Probe): MachineRecord {
  // A history state is a signpost: a machine is never in it.
  const nodes = everyNode(machine.root);
  const states = nodes.filter(({ type }) => type !== 'history');
  const moves = nodes.flatMap(({ id, transitions, always }) =>
    Array.from({ length: [...transitions.values()].flat().length + (always?.length ?? 0) }, (_, i) => `${id}#${i}`),
  );
  return {
    id: machine.id,
    hash: hashOf(machine, undefined, nodePlatform.sha256),
    chart: nodeOf(machine.root),
    steps: 0,
    strays: 0,
    states: Object.fromEntries(states.map(({ id }) => [id, 0])),
    moves: Object.fromEntries(moves.map((place) => [place, 0])),
    guards: Object.fromEntries([...guards].map(([place, name]) => [place, { name, yes: 0, no: 0 }])),
  };
}

/** Counted in place: there may be a million steps. */
function note(record: MachineRecord, probe: Probe, step: TracedStep): void {
  const sighting = attempt(() => probe.follow(step));
  record.steps++;
  if (!sighting || !isDeepStrictEqual(sighting.snapshot.value, step.to.value)) {
    record.strays++;
    return;
  }
  for (const id of sighting.states) record.states[id]!++;
  for (const place of sighting.moves) record.moves[place]!++;
  for (const [place, yes] of sighting.answers) record.guards[place]![yes ? 'yes' : 'no']++;
}

/** A listener that throws would end the process of whoever is heard. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
