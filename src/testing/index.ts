/** Tools for tests: `import … from 'troupe/testing'`. */

/** Stories: a machine stepped by given events; models and tools that answer by a script. */
export { after, done, failed, play, type Played, type PlayedStep, type PlayedAction } from './play.ts';
export { story, type Story } from './stories/story.ts';
export {
  scriptedModel,
  type ScriptedModelCondition,
  type ScriptedModel,
  type ScriptedModelStep,
} from './scripted/model.ts';
export { scriptedTool, type ScriptedTool, type ScriptedToolCall, type ScriptedToolStep } from './scripted/tool.ts';
export type { ScriptedFault } from './scripted/fault.ts';

/** A flow whose body is begun again after each call. */
export { replayed } from './replayed.ts';

/** A runtime and a clock whose time moves only when the test advances it. */
export { testRuntime, type TestRuntime, type TestRuntimeOptions } from './testRuntime.ts';
export { virtualClock, type VirtualClock } from './clock.ts';

/** Exhaustive tests: every path, a crash at every point, and every fault. Everything that can happen is looked at by `check` of troupe/check. */
export { paths, type Path, type PathOptions } from './paths/paths.ts';
export { samplesOf } from './paths/sample.ts';
export { walkStates, type Situation, type Walk, type WalkOptions } from './paths/walk.ts';
export { coverage, type Coverage } from './cover/recorder.ts';
export type { CoverReport, Gap, MachineReport } from './cover/report.ts';
export { crashEverywhere, type CrashReport, type Violation } from './crash/crashEverywhere.ts';
export { expectSurvival } from './crash/expectSurvival.ts';
export type { ProcessParts } from './world/crashPoints.ts';
export type { CrashOptions, CrashScenario, MakeScenario } from './crash/scenario.ts';
export { everyFault, faultKinds, type Fault, type FaultKind } from './world/faultPlan.ts';
export type { SimulationScenario } from './simulate/simulationScenario.ts';
export { simulate, type SimulationReport } from './simulate/simulate.ts';
export type { SimulateOptions } from './simulate/options.ts';
export type { SimulationFailure } from './simulate/failure.ts';

/** Recorded runs, replayed. */
export { compareVersions, type VersionComparison } from './cassettes/compareVersions.ts';
export { cassette, type CassetteOptions, type CassettePlayer } from './cassettes/cassette.ts';
export { exportRun, type ExportOptions } from './cassettes/export.ts';
export { cassetteText, type Cassette } from './cassettes/format.ts';
export { parseCassette, readCassette } from './cassettes/read.ts';
export type { ReplayResult } from './cassettes/replay.ts';
export type { Drift } from './cassettes/drift.ts';
