/** Looks at everything that can happen to a definition, each fault included: `import { check } from 'troupe/check'`. */
export { check } from './check.ts';
export type { CheckOptions } from './options.ts';
export type { Bound, CheckReport, Finding, FindingKind, Merged } from './report.ts';
export type { CheckFault, CheckFaults } from './faults.ts';
