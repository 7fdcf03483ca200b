/** Where the processor time of a round goes: by function, by function with all that it calls, and by folder. */
import { Session } from 'node:inspector/promises';

/** A name, and the part of the samples that it had, in percent. */
export type Share = readonly [name: string, percent: number];

export interface Profile {
  readonly own: readonly Share[];
  /** With what it calls until it first awaits. */
  readonly total: readonly Share[];
  readonly folders: readonly Share[];
}

const shown = 30;
/** Microseconds between samples. */
const interval = 250;

/** Profiles `work`. Waiting is left out. */
export async function profiled(work: () => Promise<unknown>): Promise<Profile> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval });
  await session.post('Profiler.start');
  await work();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();

  const hits = new Map<number, number>();
  for (const id of profile.samples ?? []) hits.set(id, (hits.get(id) ?? 0) + 1);
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const [own, total, folders] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()];
  const add = (to: Map<string, number>, name: string, count: number) => to.set(name, (to.get(name) ?? 0) + count);
  let all = 0;
  /** Counts a node and all below it; `above` are the functions that called it, which count it once each. */
  const visit = (id: number, above: ReadonlySet<string>): number => {
    const node = nodes.get(id);
    if (!node || node.callFrame.functionName === '(idle)') return 0;
    const { functionName, url, lineNumber } = node.callFrame;
    const place = placeOf(url);
    const name = place ? `${place}:${functionName || `line ${lineNumber + 1}`}` : functionName;
    const self = hits.get(id) ?? 0;
    add(own, name, self);
    add(folders, folderOf(place, functionName), self);
    all += self;
    const within = new Set(above).add(name);
    const sum = (node.children ?? []).reduce((count, child) => count + visit(child, within), self);
    if (!above.has(name)) add(total, name, sum);
    return sum;
  };
  const [root] = profile.nodes;
  if (root) visit(root.id, new Set());
  const top = (counts: Map<string, number>): Share[] =>
    [...counts]
      .sort(([, a], [, b]) => b - a)
      .slice(0, shown)
      .map(([name, count]): Share => [name, (100 * count) / Math.max(1, all)]);
  return { own: top(own), total: top(total), folders: top(folders) };
}

/** A path as a reader knows it: within the project, or within a package. */
function placeOf(url: string): string {
  const [, inPackage] = /.*\/node_modules\/(.+)$/.exec(url) ?? [];
  if (inPackage) return inPackage;
  const [, ours] = /\/((?:src|machines|actors|test)\/.+)$/.exec(url) ?? [];
  return ours ?? url;
}

/** The room of a file of ours, the package of another, or what the engine of the language does itself. */
function folderOf(place: string, functionName: string): string {
  if (place === '') return functionName.startsWith('(') ? functionName : 'built in';
  if (place.startsWith('node:')) return 'node';
  return place
    .split('/')
    .slice(0, place.startsWith('src/') || place.startsWith('@') ? 2 : 1)
    .join('/');
}

/** As it is printed. */
export function textOfProfile(name: string, { own, total, folders }: Profile): string {
  const list = (title: string, shares: readonly Share[]) => [
    `    ${title}`,
    ...shares
      .filter(([, percent]) => percent >= 0.5)
      .map(([what, percent]) => `      ${percent.toFixed(1).padStart(5)} %  ${what}`),
  ];
  return [
    `  ${name}: where the time goes`,
    ...list('by folder', folders),
    ...list('by function', own),
    ...list('with what it calls', total),
  ].join('\n');
}
