/** The entry point `troupe/formats`: tasks, results, monitors and options of orchestrators as snake_case JSON, for programs that speak it. */
export { readTask, writeTask } from './task.ts';
export { readPipeline, readResult, writePipeline, writeResult } from './result.ts';
export { orchestratorSnapshot, taskResultDetail, writeMonitor } from './monitor.ts';
export {
  defaultOptions,
  hardeningOf,
  validateOptions,
  type GuardrailData,
  type Hardening,
  type HardeningJson,
  type Validation,
} from './hardening.ts';
