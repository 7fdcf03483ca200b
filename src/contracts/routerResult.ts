/** What an orchestration gives, from the results of its tasks. */
import type { RouterOutput } from './orchestration.ts';
import type { PipelineResult, TaskResult } from './taskResult.ts';

/** The result of a pipeline from those of its stages, in order. */
export const pipelineResult = (taskResults: TaskResult[]): PipelineResult => {
  const error = taskResults.find(({ success }) => !success)?.error;
  return {
    taskResults,
    finalOutput: taskResults.at(-1)?.output ?? null,
    totalSteps: taskResults.reduce((sum, { stepsUsed }) => sum + stepsUsed, 0),
    success: taskResults.every(({ success }) => success),
    ...(error === undefined ? {} : { error }),
  };
};

/** One result, all of them, or what they are as a pipeline. */
export function routerResult({
  shape,
  results,
}: Pick<RouterOutput, 'shape' | 'results'>): PipelineResult | TaskResult | TaskResult[] | null {
  if (shape === 'pipeline') return pipelineResult(results);
  return shape === 'one' ? (results[0] ?? null) : results;
}
