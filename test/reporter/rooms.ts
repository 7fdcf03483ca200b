/** The rooms of the tests, by folder name: which are quick, which need modules of their own, and what share of the suite's cost each may have. */

/** Unit and machine tests: no other process, no disk, no server. `npm run test:fast` runs these. */
export const fastRooms = ['actors', 'core', 'engine', 'formats', 'machines', 'tools', 'transport', 'values'];
/** Files of these rooms that start a process or a server, or that are proofs. */
export const slowFiles = [
  'test/engine/processId.test.ts',
  'test/engine/mutants.test.ts',
  'test/transport/nats/*.test.ts',
];

/** Test files that change what modules keep, or look at it: each gets its modules anew. All others share them, file after file. */
export const isolated: string[] = [
  'test/engine/blindRepeat.test.ts',
  'test/engine/stale.test.ts',
  'test/package/broken.test.ts',
];

/** Percent of the suite's processor seconds that a room may have, with some room to grow: together they are more than a hundred. '.' is the files directly in test/. */
export const budgets: Readonly<Record<string, number>> = {
  '.': 3,
  actors: 3,
  architecture: 3,
  chaos: 10,
  cli: 20,
  cluster: 12,
  core: 6,
  define: 35,
  deploy: 3,
  engine: 10,
  examples: 8,
  formats: 3,
  gateway: 3,
  journal: 12,
  machines: 16,
  mcp: 8,
  nats: 8,
  observe: 3,
  package: 4,
  runtime: 6,
  stored: 4,
  testing: 22,
  tools: 3,
  transport: 6,
  types: 2,
  values: 2,
};
