/** What is covered, what is not, and where in the chart that is. */
import { eventWords, type ChartNode, type Move } from '../../charts.ts';
import type { MachineRecord } from './record.ts';

export const aspects = ['states', 'transitions', 'guards'] as const;
export type Aspect = (typeof aspects)[number];

export interface Share {
  readonly covered: number;
  readonly total: number;
}

export interface Gap {
  readonly machine: string;
  readonly kind: 'state' | 'transition' | 'guard';
  /** The id of the state it is about, or leads away from. */
  readonly state: string;
  /** The event's type of a transition or a guard; empty for one that needs none. */
  readonly on?: string;
  readonly guard?: string;
  /** What the guard never said. */
  readonly outcome?: 'yes' | 'no';
  /** The same in words. */
  readonly says: string;
}

export interface MachineReport extends Readonly<Record<Aspect, Share>> {
  readonly id: string;
  readonly hash: string;
  readonly steps: number;
  readonly strays: number;
  readonly gaps: readonly Gap[];
}

export interface CoverReport {
  readonly machines: readonly MachineReport[];
  /** What is not covered, in words: empty when everything is. */
  readonly missing: readonly string[];
}

export function reportOf(records: readonly MachineRecord[]): CoverReport {
  const machines = records.map(machineReport);
  return { machines, missing: machines.flatMap(({ gaps }) => gaps.map(({ says }) => says)) };
}

/** The share in percent, rounded down: 100 is all of it, and of nothing, too. */
export const percent = ({ covered, total }: Share): number =>
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

const share = (counts: readonly number[]): Share => ({
  covered: counts.filter((times) => times > 0).length,
  total: counts.length,
});

export const nodesIn = (node: ChartNode): ChartNode[] => [node, ...node.states.flatMap(nodesIn)];

function gapsOf({ id: machine, states, moves, guards }: MachineRecord, { id: state, moves: own }: ChartNode): Gap[] {
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

/** A transition in words: where it begins, by what, if what, where to. */
export const moveWords = (state: string, move: Move): string => `${state}, ${eventWords(move.on)}${toWords(move)}`;

const toWords = ({ if: guard, to }: Move) =>
  `${guard === undefined ? '' : ` [${guard}]`}${to.length > 0 ? ` to ${to.join(' and ')}` : ', staying'}`;
