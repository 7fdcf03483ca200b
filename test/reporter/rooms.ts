/** The rooms of the tests, by folder name: which are quick, which need modules of their own, and what share of the suite's cost each may have. */

/** Unit and machine tests: no other process, no disk, no server. `npm run test:fast` runs these. */
export const fastRooms = ['actors', 'budget', 'machines', 'observe', 'orchestrate', 'system', 'tools', 'transport'];

/** Test files that change what modules keep, or look at it: each gets its modules anew. All others share them, file after file. */
export const isolated: string[] = ['test/*/again.test.ts', 'test/*/stale.test.ts', 'test/package/broken.test.ts'];

/** Percent of the suite's processor seconds that a room may have; `.` is the files directly in test/. */
export const budgets: Readonly<Record<string, number>> = {
  '.': 8,
};
