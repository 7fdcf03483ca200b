/** Reports what is covered and what is not, and where in the chart that is. */
import { eventLabel, type ChartNode, type ChartTransition } from '../../runtime/charts.ts';
import type { MachineRecord } from './record.ts';

/** What is counted of a machine. */
export const aspects = ['states', 'transitions', 'guards'] as const;
/** One of them. */
export type Aspect = (typeof aspects)[number];

/** How many of how many are covered. */
export interface CoverageShare {
  /** How many are covered. */
  readonly covered: number;
  /** How many there are. */
  readonly total: number;
}

/** Something that is not covered. */
export interface Gap {
  /** The id of the machine. */
  readonly machine: string;
  /** What is not covered: a state, a transition, or a result of a guard. */
  readonly kind: 'state' | 'transition' | 'guard';
  /** The id of the state, or of the state in which the transition begins. */
  readonly state: string;
  /** The event type of the transition, or of the guard's transition; empty for an eventless one. */
  readonly on?: string;
  /** The name of the guard. */
  readonly guard?: string;
  /** The result that the guard never had. */
  readonly outcome?: 'yes' | 'no';
  /** What is missing, in words. */
  readonly says: string;
}

/** The coverage of one machine: a share for each of states, transitions and guards. */
export interface MachineReport extends Readonly<Record<Aspect, CoverageShare>> {
  /** The id of the machine. */
  readonly id: string;
  /** Hash of the machine's shape. */
  readonly hash: string;
  /** How many steps it took. */
  readonly steps: number;
  /** Steps with another result when they were taken again: something in the machine is not pure. */
  readonly strays: number;
  /** What is not covered, in the order of the chart. */
  readonly gaps: readonly Gap[];
}

/** The coverage of all machines. */
export interface CoverReport {
  /** One report for each machine, ordered by id. */
  readonly machines: readonly MachineReport[];
  /** What is not covered, in words; empty when everything is. */
  readonly missing: readonly string[];
}

/** Makes a report of records. */
export function reportOf(records: readonly MachineRecord[]): CoverReport {
  const machines = records.map(machineReport);
  return { machines, missing: machines.flatMap(({ gaps }) => gaps.map(({ says }) => says)) };
}

/** The share in percent with one decimal, rounded down; 100 when there is nothing to cover. */
export const sharePercent = ({ covered, total }: CoverageShare): number =>
  total === 0 ? 100 : Math.floor((covered / total) * 1000) / 10;

function machineReport(record: MachineRecord): MachineReport {
  const { id, hash, steps, strays, states, moves, guards } = record;
  const outcomes = Object.values(guards).flatMap(({ yes, no }) => [yes, no]);
  return {
    id,
    hash,
    steps,
    strays,
    states: share(Object.values(states)),
    transitions: share(Object.values(moves)),
    guards: share(outcomes),
    gaps: nodesIn(record.chart).flatMap((node) => gapsOf(record, node)),
  };
}

const share = (counts: readonly number[]): CoverageShare => ({
  covered: counts.filter((times) => times > 0).length,
  total: counts.length,
});

/** A node of a chart and every node inside it. */
export const nodesIn = (node: ChartNode): ChartNode[] => [node, ...node.states.flatMap(nodesIn)];

function gapsOf(
  { id: machine, states, moves, guards }: MachineRecord,
  { id: state, transitions: own }: ChartNode,
): Gap[] {
  const asked = Object.entries(guards);
  return [
    ...(states[state] === 0
      ? [{ machine, kind: 'state' as const, state, says: `state ${state} was never entered` }]
      : []),
    ...own.flatMap((move, index) => {
      const place = `${state}#${index}`;
      const untaken: Gap[] =
        moves[place] === 0
          ? [
              {
                machine,
                kind: 'transition',
                state,
                on: move.on,
                ...(move.if === undefined ? {} : { guard: move.if }),
                says: `transition ${moveWords(state, move)} was never taken`,
              },
            ]
          : [];
      const unsaid = asked
        .filter(([where]) => where === place || where.startsWith(`${place}.`))
        .flatMap(([, { name, yes, no }]) =>
          (['yes', 'no'] as const)
            .filter((outcome) => (outcome === 'yes' ? yes : no) === 0)
            .map((outcome) => ({
              machine,
              kind: 'guard' as const,
              state,
              on: move.on,
              guard: name,
              outcome,
              says: `guard ${name} (${moveWords(state, { ...move, if: undefined })}) never said ${outcome}`,
            })),
        );
      return [...untaken, ...unsaid];
    }),
  ];
}

/** A transition in words: where it begins, its event, its guard, and where it leads. */
export const moveWords = (state: string, move: ChartTransition): string =>
  `${state}, ${eventLabel(move.on)}${toWords(move)}`;

const toWords = ({ if: guard, to }: ChartTransition) =>
  `${guard === undefined ? '' : ` [${guard}]`}${to.length > 0 ? ` to ${to.join(' and ')}` : ', staying'}`;
