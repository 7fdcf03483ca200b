/** Coverage of a machine as data: stored in files, added up, and compared with what there is to cover. */
import * as z from 'zod';
import type { ChartNode } from '../../runtime/charts.ts';

const count = z.number().int().min(0);

const Node: z.ZodType<ChartNode> = z.lazy(() =>
  z.object({
    id: z.string(),
    key: z.string(),
    type: z.enum(['atomic', 'compound', 'parallel', 'final', 'history']),
    initial: absent,
    states: z.array(Node),
    transitions: z.array(z.object({ on: z.string(), if: absent, to: z.array(z.string()) })),
  }),
);
/** JSON leaves out what is undefined. */
const absent = z.preprocess((given) => given ?? undefined, z.union([z.string(), z.undefined()]));

const Guard = z.object({ name: z.string(), yes: count, no: count });

/** What was covered of one machine. Every count is a number of times. */
export const MachineRecord = z.object({
  /** The id of the machine. */
  id: z.string(),
  /** Hash of the machine's shape: versions of a machine are not added up. */
  hash: z.string(),
  /** The states and transitions of the machine: what there is to cover. */
  chart: Node,
  /** How many steps of the machine were recorded. */
  steps: count,
  /** Steps with another result when they were taken again: something in the machine is not pure. */
  strays: count,
  /** In how many steps each state was active, by its id; 0 for one that was never reached. */
  states: z.record(z.string(), count),
  /** By id of the transition: `<id of the state>#<index of the move>`. */
  moves: z.record(z.string(), count),
  /** What each guard returned, by its place in the machine; `yes` and `no` are numbers of times. */
  guards: z.record(z.string(), Guard),
});
/** What was covered of one machine. */
export type MachineRecord = z.infer<typeof MachineRecord>;

/** What one test file, or one process, covered. */
export const CoverFile = z.object({
  format: z.literal('troupe-cover/1'),
  /** Names the run of the test runner, so that older runs can be told apart. */
  run: z.string(),
  /** Milliseconds since the epoch. */
  at: z.number(),
  machines: z.array(MachineRecord),
});
/** What one test file, or one process, covered. */
export type CoverFile = z.infer<typeof CoverFile>;

/** Adds up the records of the same machine in the same shape; ordered by id. */
export function mergeRecords(records: readonly MachineRecord[]): MachineRecord[] {
  const sums = new Map<string, MachineRecord>();
  for (const record of records) {
    const key = `${record.id} ${record.hash}`;
    const sum = sums.get(key);
    sums.set(key, sum ? mergedRecord(sum, record) : record);
  }
  return [...sums.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

const mergedRecord = (a: MachineRecord, b: MachineRecord): MachineRecord => ({
  ...a,
  steps: a.steps + b.steps,
  strays: a.strays + b.strays,
  states: sumCounts(a.states, b.states),
  moves: sumCounts(a.moves, b.moves),
  guards: Object.fromEntries(
    Object.entries(a.guards).map(([place, { name, yes, no }]) => {
      const other = b.guards[place];
      return [place, { name, yes: yes + (other?.yes ?? 0), no: no + (other?.no ?? 0) }];
    }),
  ),
});

const sumCounts = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(a).map(([place, times]) => [place, times + (b[place] ?? 0)]));
