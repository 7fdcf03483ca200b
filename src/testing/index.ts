/** The kit we test with: `import … from 'troupe/testing'`. */
export { scriptedModel } from '../gateway/scriptedModel.ts';
export { testRuntime, type TestRuntime, type TestRuntimeOptions } from './testRuntime.ts';
export { virtualClock, type VirtualClock } from './clock.ts';
export { after, done, failed, play } from './play.ts';
export { crashEverywhere, type CrashReport, type Violation } from './crash/crashEverywhere.ts';
export { expectSurvival } from './crash/expectSurvival.ts';
export type { Parts } from './crash/points.ts';
export type { CrashOptions, CrashScenario, MakeScenario } from './crash/scenario.ts';
