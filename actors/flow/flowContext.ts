/** The context that the body of a flow is given. */
import type { FlowContext } from '../../src/flow/context.ts';
import { bodyRandom } from '../../src/flow/bodyRandom.ts';
import { isStopped } from '../../src/flow/flowErrors.ts';
import { TroupeError } from '../../src/values/failure.ts';
import type { JsonObject } from '../../src/values/json.ts';
import { requireFacts } from './facts.ts';
import { artifactCalls } from './artifactCalls.ts';
import { CheckpointCalls } from './checkpointCalls.ts';
import { mapCalls } from './mapCalls.ts';
import type { FlowBody } from './flowBody.ts';
import { checkpointOf, currentCheckpoint, callTimeOf } from './flowScope.ts';
import { llmCall } from './llmCall.ts';
import { waits } from './waits.ts';

/** The context of a body. */
export function flowContext(run: FlowBody): FlowContext {
  const ofBody = bodyRandom(run.seed);
  /** Chance of the code that asks: of a checkpoint, or of the body. */
  const random = () => {
    const at = currentCheckpoint();
    return at?.owner === run ? at.random : ofBody;
  };
  /** Promises are rejected rather than that something is thrown. */
  const rejecting =
    <Given extends unknown[]>(make: (...given: Given) => Promise<unknown>) =>
    (...given: Given): Promise<unknown> => {
      try {
        return run.life.refusal() ?? make(...given);
      } catch (error) {
        return Promise.reject(error as Error);
      }
    };
  const checkpoints = new CheckpointCalls(run);
  const { map, product } = mapCalls(run, checkpoints);
  const { wait, signal, sleep, run: runChild } = waits(run);
  const context = {
    executionId: run.executionId,
    replayOf: run.start.replayOf,
    checkpoint: rejecting((first: unknown, second: unknown, third?: unknown) =>
      checkpoints.checkpoint(first, second, third),
    ),
    submit: (...given: Parameters<CheckpointCalls['submit']>) => checkpoints.submit(...given),
    map: rejecting(map),
    product: rejecting(product),
    wait: rejecting(wait),
    signal: rejecting(signal),
    sleep: rejecting(sleep),
    run: rejecting(runChild),
    ...artifactCalls(run),
    llm: rejecting(llmCall(run, checkpoints)),
    log(facts: JsonObject) {
      const json = requireFacts(facts);
      const at = currentCheckpoint();
      if (at?.owner === run) return at.log(json);
      try {
        run.life.requireRunning();
      } catch (refused) {
        // A body that was stopped may say so in its clean-up.
        if (!isStopped(refused)) throw refused;
      }
      run.recorder.log(json, Math.max(run.root.time, run.start.began ?? 0));
    },
    async secret(name: string) {
      checkpointOf(run, `ctx.secret("${name}")`);
      if (run.deps.secret) return run.deps.secret(name);
      throw new TroupeError(
        'unsupported',
        'This runtime has no store of secrets. Open it with one: openRuntime({ secrets }).',
      );
    },
    now: () => callTimeOf(run),
    random: () => random().next(),
    uuid: () => random().uuid(),
  };
  // The overloads of its type say more than one function each can.
  return context as unknown as FlowContext;
}
