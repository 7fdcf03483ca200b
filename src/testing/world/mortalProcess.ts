/** One process: an engine on a clock, a journal and a transport of its own, which can be paused, skewed and killed. */
import { Host, type HostOptions } from '../../engine/host.ts';
import type { ProcessParts } from './crashPoints.ts';
import { never, type FaultClock } from './faultClock.ts';
import { interceptMethods, type MethodCall } from './intercept.ts';

/** As the engine takes them, with the parts together and a clock that can be killed. */
export interface MortalProcessOptions extends Omit<HostOptions, 'clock' | 'journal' | 'transport'> {
  readonly clock: FaultClock;
  readonly parts: ProcessParts;
}

/** Begins when it is made; dead for ever once it is killed. */
export class MortalProcess {
  readonly clock: FaultClock;
  readonly host: Host;

  constructor({ clock, parts, ...options }: MortalProcessOptions) {
    this.clock = clock;
    this.host = new Host({ ...options, ...parts, clock });
  }

  get dead(): boolean {
    return this.clock.dead;
  }

  /** From now on nothing reaches the process, and its effects are told to stop. */
  kill(): void {
    this.clock.kill();
    this.host.abandon();
  }
}

/** These answer at once, so that a dead process cannot be kept waiting for them. */
const immediate: ReadonlySet<PropertyKey> = new Set(['listen', 'settle']);

/**
 * A journal or a transport as the process of this clock has it: every promise is answered through the clock, and a dead process is never answered.
 * `perform` makes the call; by default on `inner` itself.
 */
export const answeredThrough = <T extends object>(
  clock: FaultClock,
  inner: T,
  perform: (call: MethodCall) => unknown = ({ invoke }) => invoke(),
): T =>
  interceptMethods(inner, (call) => {
    if (clock.dead) return immediate.has(call.name) ? { [Symbol.dispose]() {} } : never();
    const answer = perform(call);
    return answer instanceof Promise ? clock.answer(answer) : answer;
  });
