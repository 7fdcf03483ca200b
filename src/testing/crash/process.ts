/** One process of a run: an engine of its own on the disk that all of them share. */
import { breaker } from '../../../actors/gateway.ts';
import { gateway } from '../../gateway/gateway.ts';
import type { Journal } from '../../journal/journal.ts';
import { compile } from '../../compile.ts';
import type { Subject } from '../../subject.ts';
import type { ActorType } from '../../system/actorType.ts';
import { Host } from '../../system/host.ts';
import { inProcess } from '../../transport/inProcess.ts';
import type { VirtualClock } from '../clock.ts';
import { watched, type Tell } from './deeds.ts';
import type { Evidence } from './evidence.ts';
import { Life, type Death } from './life.ts';
import { Outside } from './outside.ts';
import type { CrashOptions } from './scenario.ts';

export interface Process extends AsyncDisposable {
  readonly life: Life;
  readonly host: Host;
  readonly type: ActorType;
  readonly outside: Outside;
}

export interface ProcessOptions {
  readonly number: number;
  readonly subject: Subject;
  readonly clock: VirtualClock;
  readonly disk: Journal;
  readonly evidence: Evidence;
  readonly death: Death | undefined;
  readonly fault: CrashOptions['fault'];
}

/** Nothing need be looked for: nobody else writes, and time passes in leaps. Milliseconds. */
const hour = 3_600_000;
const month = 720 * hour;

/** Disposing lets go of what was opened for it, as the end of a process would. */
export function startProcess({ number, subject, clock, disk, evidence, death, fault }: ProcessOptions): Process {
  const life = new Life({
    death,
    reached: (point) => evidence.reached(number, point),
    done: (point) => evidence.kept(point),
    died: (how) => {
      evidence.ended(number, how);
      host.abandon();
    },
  });
  const lent = life.lend({ journal: disk, transport: inProcess() });
  const host = new Host({
    ...(fault?.(lent, clock) ?? lent),
    clock,
    lease: { owner: `process ${number}`, alive: () => false, ttl: month },
    poll: month,
    idle: hour,
    observe: (event) => event.type === 'effect.started' && evidence.began(number, event.name, event.key),
  });
  const opened: AsyncDisposable[] = [];
  const outside = new Outside();
  const models = outside.models(gateway({ breaker: () => breaker(), clock, env: {} }));
  const tell: Tell = (deed) => {
    evidence.performed(deed);
    return outside.effect();
  };
  return {
    life,
    host,
    outside,
    type: compile({ gateway: models, clock, opened, prepare: (type) => watched(type, tell) })(subject),
    async [Symbol.asyncDispose]() {
      host.abandon();
      for (const part of opened.reverse()) await part[Symbol.asyncDispose]();
    },
  };
}
