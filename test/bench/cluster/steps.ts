/** Where the runs that work have begun their steps. A step begins when the previous one is committed: the second step at a node is a commit of that node. */

export interface Steps {
  /** A step of a run begins at a node. */
  add(run: string, node: string): void;
  /** How many steps of the run have begun at the node. */
  count(run: string, node: string): number;
  /** Whether another node has begun a step of it. */
  isElsewhere(run: string, node: string): boolean;
  /** When another node first committed: milliseconds of `performance.now()`. */
  takenOver(run: string, node: string): Promise<number>;
}

export function followSteps(): Steps {
  /** By run, and in it by node. */
  const counts = new Map<string, Map<string, number>>();
  const watchers = new Set<(run: string, node: string, count: number) => void>();
  const countsOf = (run: string) => counts.get(run) ?? new Map<string, number>();
  return {
    add(run, node) {
      const ofRun = countsOf(run);
      const count = (ofRun.get(node) ?? 0) + 1;
      counts.set(run, ofRun.set(node, count));
      for (const watch of watchers) watch(run, node, count);
    },
    count: (run, node) => countsOf(run).get(node) ?? 0,
    isElsewhere: (run, node) => [...countsOf(run).keys()].some((other) => other !== node),
    takenOver: (run, node) =>
      new Promise((resolve) => {
        const watch = (at: string, other: string, count: number) => {
          if (at !== run || other === node || count < 2) return;
          watchers.delete(watch);
          resolve(performance.now());
        };
        watchers.add(watch);
      }),
  };
}
