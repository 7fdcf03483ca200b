/** The figures by name: how each is calculated from a sample, and what it is called. */
import type { ClusterFigureName, FigureName, Sample } from './row.ts';

export interface FigureKind {
  /** What it is called; `unit` is the unit of the row. */
  label(unit: string): string;
  /** Its value, from a sample of `units` units. */
  value(sample: Sample, units: number): number | undefined;
}

const each = (key: 'busy' | 'wall' | 'written' | 'stored' | 'kept', label: string): FigureKind => ({
  label: (unit) => `${label} per ${unit}`,
  value: ({ [key]: value }, units) => (value === undefined ? undefined : value / units),
});
const whole = (
  key: 'pause' | 'growth' | 'late' | 'commits' | 'storedGrowth' | 'ticks' | 'modules' | 'files',
  label: string,
): FigureKind => ({
  label: () => label,
  value: ({ [key]: value }) => value,
});

/** A figure of a cluster, per unit or as it is. */
const ofCluster = (key: ClusterFigureName, label: string, isPerUnit = false): FigureKind => ({
  label: (unit) => (isPerUnit ? `${label} per ${unit}` : label),
  value({ cluster }, units) {
    const value = cluster?.[key];
    return value === undefined || !isPerUnit ? value : value / units;
  },
});

export const figures: Readonly<Record<FigureName, FigureKind>> = {
  busy: each('busy', 'µs of processor time'),
  wall: each('wall', 'µs'),
  rate: { label: (unit) => `${unit}s per second`, value: ({ wall }, units) => (units / wall) * 1e6 },
  busyRate: { label: (unit) => `${unit}s per processor second`, value: ({ busy }, units) => (units / busy) * 1e6 },
  written: each('written', 'bytes written to disk'),
  stored: each('stored', 'bytes stored'),
  kept: each('kept', 'bytes of memory kept'),
  peak: { label: () => 'peak memory, MB', value: ({ peak }) => (peak === undefined ? undefined : peak / 1e6) },
  pause: whole('pause', 'longest pause of the event loop, ms'),
  growth: whole('growth', 'cost of a unit against a fifth of the work'),
  late: whole('late', 'ms, p99'),
  commits: whole('commits', 'commits per level'),
  storedGrowth: whole('storedGrowth', 'bytes stored per unit of the most work, against one of the least'),
  ticks: whole('ticks', 'percent of the ticks of a 10 ms timer'),
  modules: whole('modules', 'modules loaded'),
  files: whole('files', 'files of ours executed'),
  worker: ofCluster('worker', 'µs of processor time of the nodes that work', true),
  idle: ofCluster('idle', 'µs of processor time of a node that runs nothing', true),
  idleShare: ofCluster('idleShare', 'processor time of a node that runs nothing, in % of that of the one that works'),
  atRest: ofCluster('atRest', 'processor time of that node while nobody works, in % of a core'),
  server: ofCluster('server', 'µs of processor time of the nats-server', true),
  client: ofCluster('client', 'µs of processor time of the client', true),
  disk: ofCluster('disk', 'bytes on the disk of a node that runs nothing', true),
  logged: ofCluster('logged', 'MB added to the streams in a day'),
  messages: ofCluster('messages', 'messages added to the streams in a day'),
  core: ofCluster('core', 'processor time of the node that has the runs, in % of a core'),
  otherCore: ofCluster('otherCore', 'processor time of a node that has none, in % of a core'),
  serverCore: ofCluster('serverCore', 'processor time of the nats-server, in % of a core'),
  withoutRuns: ofCluster('withoutRuns', 'processor time of a node in a cluster without runs, in % of a core'),
  memory: ofCluster('memory', 'bytes of memory of the node that has them', true),
  capacity: ofCluster('capacity', 'runs per second when every node has a core: nodes ÷ processor time of a run in all'),
  start: ofCluster('start', 'ms until a new node has joined'),
  startBusy: ofCluster('startBusy', 'ms of processor time of the new node until then'),
  answered: ofCluster('answered', 'ms until it has done its first run'),
  log: ofCluster('log', 'MB in the streams'),
  nodePause: ofCluster('nodePause', 'longest pause of the event loop of the node that works, ms'),
  idlePause: ofCluster('idlePause', 'the same of a node that runs nothing, ms'),
  noticed: ofCluster('noticed', 'ms from the death to the next commit of its run, p50'),
  noticedLate: ofCluster('noticedLate', 'the same, p99'),
  noticedWorst: ofCluster('noticedWorst', 'the same, the longest'),
  stale: ofCluster('stale', 'steps of a suspended node that were accepted after its run was taken over'),
  takenOver: ofCluster('takenOver', 'runs that were taken from a healthy node'),
  steps: ofCluster('steps', 'steps per second of a run meanwhile'),
};

/** The value that `share` (0 to 1) of the values do not exceed. */
export const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
export const median = (values: readonly number[]): number => percentile(values, 0.5);
