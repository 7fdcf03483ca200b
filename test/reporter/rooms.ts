/** The rooms of the tests, by folder name: which are quick, which need modules of their own, and what share of the suite's cost each may have. */

/** Unit and machine tests: no other process, no disk, no server. `npm run test:fast` runs these. */
export const fastRooms = ['actors', 'core', 'engine', 'formats', 'machines', 'tools', 'transport', 'values'];
/** Files of these rooms that start a process or a server, or that are proofs. */
export const slowFiles = [
  'test/actors/workflow/agentStepSurvival.test.ts',
  'test/engine/processId.test.ts',
  'test/engine/mutants.test.ts',
  'test/transport/nats/*.test.ts',
];

/** Test files that change what modules keep, or look at it or at the memory of their process: each gets a process and its modules anew. All others share them, file after file. */
export const isolated: string[] = [
  'test/engine/blindRepeat.test.ts',
  'test/engine/stale.test.ts',
  'test/engine/throwingTimers.test.ts',
  'test/journal/sqlite/remembered.test.ts',
  'test/package/broken.test.ts',
  'test/runtime/strays.test.ts',
];

/** Percent of the suite's processor seconds that a room may have, with some room to grow: together they are more than a hundred. '.' is the files directly in test/. */
export const budgets: Readonly<Record<string, number>> = {
  '.': 2,
  actors: 2,
  adapters: 4,
  architecture: 1,
  bench: 6,
  blobs: 2,
  chaos: 5,
  cli: 30,
  client: 5,
  cluster: 9,
  config: 1,
  core: 3,
  define: 20,
  deploy: 2,
  deployments: 4,
  doors: 8,
  engine: 6,
  examples: 8,
  flow: 8,
  formats: 2,
  gateway: 5,
  journal: 16,
  machines: 14,
  mcp: 8,
  nats: 4,
  observe: 2,
  package: 3,
  runtime: 4,
  secrets: 2,
  security: 3,
  stored: 2,
  testing: 26,
  tools: 1,
  transport: 3,
  values: 1,
  workflow: 8,
};
