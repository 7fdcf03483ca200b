/** Starts one process of a run: an engine of its own on the journal that all of them share, with its models and its effects recorded. */
import { breaker } from '../../../actors/gateway.ts';
import { compile } from '../../runtime/compile/compile.ts';
import { gateway } from '../../gateway/gateway.ts';
import type { Runnable } from '../../define/runnable.ts';
import type { ActorType } from '../../core/actorType.ts';
import { inProcess } from '../../transport/inProcess.ts';
import type { VirtualClock } from '../clock.ts';
import { wrapEffects } from '../effects.ts';
import { attemptOf } from '../world/effectAttempt.ts';
import { FaultClock } from '../world/faultClock.ts';
import { MortalProcess } from '../world/mortalProcess.ts';
import type { CrashRecorder } from './crashRecorder.ts';
import { killedAt, type KillPoint } from './killPoint.ts';
import { RealWork } from './realWork.ts';
import type { CrashOptions } from './scenario.ts';

/** A started process with its compiled subject; the run itself is not started yet. */
export interface CrashProcess extends AsyncDisposable {
  readonly process: MortalProcess;
  /** The subject, compiled for this process. */
  readonly type: ActorType;
  readonly realWork: RealWork;
}

/** What one process of a run is made of. */
export interface CrashProcessOptions {
  /** The first process is 1. */
  readonly number: number;
  readonly subject: Runnable;
  readonly time: VirtualClock;
  readonly recorder: CrashRecorder;
  readonly killPoint: KillPoint | undefined;
  readonly fault: CrashOptions['fault'];
}

/** Leases, polls and idle actors do not matter: there is no second process meanwhile, and time passes in leaps. Milliseconds. */
const hour = 3_600_000;
const month = 720 * hour;

/** Disposing closes what was opened for the process. */
export function startProcess({ number, subject, time, recorder, killPoint, fault }: CrashProcessOptions): CrashProcess {
  const clock = new FaultClock(time);
  const parts = killedAt(
    { journal: recorder.journal, transport: inProcess() },
    {
      clock,
      killPoint,
      reached: (point) => recorder.reached(number, point),
      kill(point) {
        recorder.killed(number, point);
        process.kill();
      },
    },
  );
  const process = new MortalProcess({
    clock,
    parts: fault?.(parts, time) ?? parts,
    lease: { owner: `process ${number}`, alive: () => false, ttl: month },
    poll: month,
    idle: hour,
    observe: (event) => event.type === 'effect.started' && recorder.started(number, event.name, event.key),
  });
  const opened: AsyncDisposable[] = [];
  const realWork = new RealWork();
  const models = realWork.models(gateway({ breaker: () => breaker(), clock: time, env: {} }));
  const prepare = (type: ActorType) => recorded(type, recorder, realWork);
  return {
    process,
    realWork,
    type: compile({ gateway: models, clock: time, opened, prepare })(subject),
    async [Symbol.asyncDispose]() {
      process.host.abandon();
      for (const part of opened.reverse()) await part[Symbol.asyncDispose]();
    },
  };
}

/** A type whose effects, and whose children's effects, are recorded. Plain promise actors count as reads, and are not. */
const recorded = (type: ActorType, recorder: CrashRecorder, realWork: RealWork): ActorType =>
  wrapEffects(type, (name, performer) => async (input, scope) => {
    recorder.attempted({ ...attemptOf(name, performer, input, scope), input: JSON.stringify(input) ?? 'null' });
    const over = realWork.effect();
    try {
      return await performer.perform(input, { ...scope, onCall: (call) => recorder.toolCalled(scope.actor, call) });
    } finally {
      over();
    }
  });
