/** The kit we test with: `import … from 'troupe/testing'`. */
export { scriptedModel } from '../gateway/scriptedModel.ts';
export { coverage, type Coverage } from './cover/recorder.ts';
export type { CoverReport, Gap, MachineReport } from './cover/report.ts';
export { paths, type Path, type PathOptions } from './paths/paths.ts';
export { samplesOf } from './paths/sample.ts';
export { walk, type Place, type Walk, type WalkOptions } from './paths/walk.ts';
export { testRuntime, type TestRuntime, type TestRuntimeOptions } from './testRuntime.ts';
export { virtualClock, type VirtualClock } from './clock.ts';
export { after, done, failed, play } from './play.ts';
export { everyFault, faultKinds, type Fault, type FaultKind } from './simulate/faults.ts';
export {
  simulate,
  type Scenario as SimulationScenario,
  type SimulateOptions,
  type SimulationFailure,
  type SimulationReport,
} from './simulate/simulate.ts';
export { check } from './check/check.ts';
export type { CheckOptions } from './check/options.ts';
export type { Bound, CheckReport, Finding, FindingKind } from './check/report.ts';
export { crashEverywhere, type CrashReport, type Violation } from './crash/crashEverywhere.ts';
export { expectSurvival } from './crash/expectSurvival.ts';
export type { Parts } from './crash/points.ts';
export type { CrashOptions, CrashScenario, MakeScenario } from './crash/scenario.ts';
