/** Where the time of a round goes: by function, by function with all that it calls, and by folder. */
import type { Profiler as Protocol } from 'node:inspector';
import { Session } from 'node:inspector/promises';

type InspectorProfile = Protocol.Profile;

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

/** Adds up profiles of several rounds: on a busy machine, one alone has samples where the process was kept waiting. Waiting for events is left out. */
export class Profiler {
  readonly #own = new Map<string, number>();
  readonly #total = new Map<string, number>();
  readonly #folders = new Map<string, number>();
  #all = 0;

  async add(work: () => Promise<unknown>): Promise<void> {
    const session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval });
    await session.post('Profiler.start');
    await work();
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    this.#count(profile);
  }

  result(): Profile {
    const top = (counts: ReadonlyMap<string, number>): Share[] =>
      [...counts]
        .sort(([, a], [, b]) => b - a)
        .slice(0, shown)
        .map(([name, count]): Share => [name, (100 * count) / Math.max(1, this.#all)]);
    return { own: top(this.#own), total: top(this.#total), folders: top(this.#folders) };
  }

  #count({ nodes: list, samples = [] }: InspectorProfile): void {
    const hits = new Map<number, number>();
    for (const id of samples) add(hits, id, 1);
    const nodes = new Map(list.map((node) => [node.id, node]));
    /** Counts a node and all below it; `above` are the functions that called it, which count it once each. */
    const visit = (id: number, above: ReadonlySet<string>): number => {
      const node = nodes.get(id);
      if (!node || node.callFrame.functionName === '(idle)') return 0;
      const { functionName, url, lineNumber } = node.callFrame;
      const place = placeOf(url);
      const name = place ? `${place}:${functionName || `line ${lineNumber + 1}`}` : functionName;
      const self = hits.get(id) ?? 0;
      add(this.#own, name, self);
      add(this.#folders, folderOf(place, functionName), self);
      this.#all += self;
      const within = new Set(above).add(name);
      const sum = (node.children ?? []).reduce((count, child) => count + visit(child, within), self);
      if (!above.has(name)) add(this.#total, name, sum);
      return sum;
    };
    const [first] = list;
    if (first) visit(first.id, new Set());
  }
}

const add = <K>(to: Map<K, number>, key: K, count: number) => to.set(key, (to.get(key) ?? 0) + count);

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
