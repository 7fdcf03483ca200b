/** The context that the body of a flow is given. */
import type { FlowContext } from '../../src/flow/context.ts';
import { bodyRandom, type BodyRandom } from '../../src/flow/bodyRandom.ts';
import { sleep } from '../../src/values/clock.ts';
import { TroupeError } from '../../src/values/failure.ts';
import type { JsonObject } from '../../src/values/json.ts';
import { requireFacts } from './facts.ts';
import { artifactCalls } from './artifactCalls.ts';
import { CheckpointCalls } from './checkpointCalls.ts';
import { mapCalls } from './mapCalls.ts';
import type { FlowBody } from './flowBody.ts';
import { checkpointOf, currentCheckpoint, callTimeOf, isNonCancellable } from './flowScope.ts';
import { eventLoopTurn } from './eventLoopTurn.ts';
import { llmCall } from './llmCall.ts';
import { nonCancellable } from './nonCancellable.ts';
import { waits } from './waits.ts';

type Many = ReturnType<typeof mapCalls>;
type Waits = ReturnType<typeof waits>;
type Artifacts = ReturnType<typeof artifactCalls>;

/** How long the pause of a body is that goes on calling; milliseconds. Many of them fit into the time for a clean-up: it may be a long loop that comes to its end. */
const pauseOfLoop = 1;

/** The same refusal after a turn of the event loop, or after a pause, and none any more when the body is over by then. */
async function refusedLater({ life, clock }: FlowBody, refused: Promise<unknown>): Promise<unknown> {
  // It is told below.
  refused.catch(() => {});
  await (life.isToPause ? sleep(clock, pauseOfLoop) : eventLoopTurn());
  return life.isOver ? new Promise(() => {}) : refused;
}

/** The context of a body. */
export function flowContext(run: FlowBody): FlowContext {
  const checkpoints = new CheckpointCalls(run);
  let ofBody: BodyRandom | undefined;
  /** Chance of the code that asks: of a checkpoint, or of the body. */
  const random = () => {
    const at = currentCheckpoint();
    return at?.owner === run ? at.random : (ofBody ??= bodyRandom(run.seed));
  };
  /** Promises are rejected rather than that something is thrown. `isReached`: a cancel reaches the call. */
  const asked = (make: () => Promise<unknown>, isReached = !isNonCancellable(run)): Promise<unknown> => {
    const isLater = run.life.isRefusedLater(!isReached);
    try {
      const promise = make();
      return isLater ? refusedLater(run, promise) : promise;
    } catch (error) {
      const refused = Promise.reject(error as Error);
      return isLater ? refusedLater(run, refused) : refused;
    }
  };
  // Most bodies make checkpoints alone: what other calls need is made with the call.
  const context = {
    executionId: run.executionId,
    replayOf: run.start.replayOf,
    checkpoint: (first: unknown, second: unknown, third?: unknown) =>
      asked(() => checkpoints.checkpoint(first, second, third)),
    submit: (...given: Parameters<CheckpointCalls['submit']>) => checkpoints.submit(...given),
    map: (...given: Parameters<Many['map']>) => asked(() => mapCalls(run, checkpoints).map(...given)),
    product: (...given: Parameters<Many['product']>) => asked(() => mapCalls(run, checkpoints).product(...given)),
    wait: (...given: Parameters<Waits['wait']>) => asked(() => waits(run).wait(...given)),
    signal: (...given: Parameters<Waits['signal']>) => asked(() => waits(run).signal(...given)),
    sleep: (...given: Parameters<Waits['sleep']>) => asked(() => waits(run).sleep(...given)),
    run: (...given: Parameters<Waits['run']>) => asked(() => waits(run).run(...given)),
    nonCancellable: (work: () => unknown) => asked(() => nonCancellable(run, work), false),
    save: (...given: Parameters<Artifacts['save']>) => artifactCalls(run).save(...given),
    load: (...given: Parameters<Artifacts['load']>) => artifactCalls(run).load(...given),
    llm: (...given: Parameters<ReturnType<typeof llmCall>>) => asked(() => llmCall(run, checkpoints)(...given)),
    log(facts: JsonObject) {
      const json = requireFacts(facts);
      const at = currentCheckpoint();
      if (at?.owner === run) return at.log(json);
      // A body that was stopped may say so in its clean-up.
      run.life.requireRunning(true);
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
