/** The rooms of the tests, by folder name: which are quick, which need modules of their own, and what share of the suite's cost each may have. */

/** Unit and machine tests: no other process, no disk, no server. `npm run test:fast` runs these. */
export const fastRooms = ['actors', 'machines', 'orchestrate', 'system', 'tools', 'transport'];
/** Files of these rooms that do start a process. */
export const slowFiles = ['test/*/owner.test.ts'];

/** Test files that change what modules keep, or look at it: each gets its modules anew. All others share them, file after file. */
export const isolated: string[] = ['test/*/again.test.ts', 'test/*/stale.test.ts', 'test/package/broken.test.ts'];

/** Percent of the suite's processor seconds that a room may have, with some room to grow: together they are more than a hundred. '.' is the files directly in test/. */
export const budgets: Readonly<Record<string, number>> = {
  '.': 8,
  actors: 3,
  architecture: 3,
  budget: 10,
  chaos: 10,
  cli: 18,
  cluster: 10,
  deploy: 3,
  gateway: 3,
  guardrails: 8,
  journal: 10,
  machines: 16,
  mcp: 8,
  nats: 10,
  observe: 3,
  orchestrate: 3,
  orchestrator: 10,
  package: 3,
  system: 12,
  teams: 14,
  testing: 22,
  tools: 3,
  transport: 3,
};
