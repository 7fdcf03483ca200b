/** The kit we test with: `import … from 'troupe/testing'`. */
export { scriptedModel, type ModelWhen, type ScriptedModel, type ScriptStep } from './scripted/model.ts';
export { scriptedTool, type ScriptedTool, type ToolCalled, type ToolStep } from './scripted/tool.ts';
export type { Fault } from './scripted/fault.ts';
export { testRuntime, type TestRuntime, type TestRuntimeOptions } from './testRuntime.ts';
export { virtualClock, type VirtualClock } from './clock.ts';
export { after, done, failed, play, type Played, type Step, type Wish } from './play.ts';
export { story, type Story } from './stories/story.ts';
export { crashEverywhere, type CrashOptions, type CrashReport, type Scenario } from './crashEverywhere.ts';
export { against, type Compared } from './cassettes/against.ts';
export { cassette, type CassetteOptions, type CassettePlayer } from './cassettes/cassette.ts';
export { exportRun, type ExportOptions } from './cassettes/export.ts';
export { textOf as cassetteText, type Cassette } from './cassettes/format.ts';
export { parseCassette, readCassette } from './cassettes/read.ts';
export type { Replayed } from './cassettes/replay.ts';
export type { Drift } from './cassettes/drift.ts';
