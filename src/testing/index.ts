/** The kit we test with: `import … from 'troupe/testing'`. */
export { scriptedModel } from '../gateway/scriptedModel.ts';
export { testRuntime, type TestRuntime, type TestRuntimeOptions } from './testRuntime.ts';
export { virtualClock, type VirtualClock } from './clock.ts';
export { after, done, failed, play } from './play.ts';
export { crashEverywhere, type CrashOptions, type CrashReport, type Scenario } from './crashEverywhere.ts';
export { check } from './check/check.ts';
export type { CheckOptions } from './check/options.ts';
export type { Bound, CheckReport, Finding, FindingKind } from './check/report.ts';
