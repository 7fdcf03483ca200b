/** What a router must know of a member: what it takes, what it is spoken to as, and how many answers of a model it may come to. */
import { defaultBudget } from '../machines/agent/limits.ts';
import type { Membership } from '../machines/member.ts';
import { defaultRunLimits } from '../machines/run/limits.ts';
import { answersTogether, type Profile } from '../machines/router/settings.ts';
import type { Protocol } from './contracts/protocol.ts';
import { membershipOf, type Member as AnyMember } from './member.ts';
import type { Member, Orchestrator } from './orchestrator.ts';
import type { AnyAgent, AnyGuarded, AnyTeam } from './subject.ts';

export type Worker = AnyAgent | AnyTeam | AnyGuarded | Orchestrator;

export function profileOf({ id, agent, role, capacity, maxSteps }: Member): Profile {
  const worker = agent as Worker;
  return {
    id,
    who: whoIs(worker),
    ...(role === undefined ? {} : { role }),
    ...(capacity === undefined ? {} : { capacity }),
    ...(maxSteps === undefined ? {} : { maxSteps }),
    steps: stepsOf(worker),
    takes: takenBy(worker),
  };
}

/** Who has no names for what it gives answers with a text. */
function whoIs(worker: Worker): Membership {
  const who = membershipOf(worker as AnyMember);
  return isPlain(worker) ? { ...who, gives: 'text' } : who;
}
const isPlain = (worker: Worker): boolean =>
  worker.kind === 'guarded' ? isPlain(worker.subject as Worker) : worker.kind === 'team' && worker.plain === true;

/** The most that it may come to for one task. */
function stepsOf(worker: Worker): number {
  switch (worker.kind) {
    case 'agent':
      return worker.definition('').budget?.steps ?? defaultBudget.steps!;
    case 'guarded':
      return stepsOf(worker.subject as Worker);
    case 'team': {
      const { budget, maxTurns = defaultRunLimits.maxTurns } = worker.options;
      const each = Object.values(worker.members as Readonly<Record<string, Worker>>).map(stepsOf);
      return budget?.steps ?? bounded(maxTurns * Math.max(...each));
    }
    case 'orchestrator': {
      const { members, router, options } = worker;
      const each = members.map(({ agent, maxSteps = Infinity }) => Math.min(maxSteps, stepsOf(agent as Worker)));
      const once = answersTogether(router.strategy) ? each.reduce((sum, steps) => sum + steps, 0) : Math.max(...each);
      return bounded(once * (1 + (options.retry?.maxRetries ?? 0)));
    }
  }
}
/** A number that a snapshot can hold. */
const bounded = (steps: number): number => Math.min(steps, Number.MAX_SAFE_INTEGER);

/** The messages that it takes; a text is a `task`. */
export function takenBy(worker: Worker): readonly string[] {
  if (worker.kind === 'orchestrator')
    return [...new Set(worker.members.flatMap(({ agent }) => takenBy(agent as Worker)))];
  const { protocol, handles } = worker as AnyMember;
  return protocol && handles.length > 0 ? handles : ['task'];
}

/** The body as the first of those who take the message would have it; what nobody here takes, or anybody takes as it is, is left alone. Throws `invalid`. */
export function requireBody(members: readonly Member[], type: string, body: unknown): unknown {
  const takers = members.map(({ agent }) => agent as Worker).filter((worker) => takenBy(worker).includes(type));
  const protocols = takers.map((worker) => protocolFor(worker, type));
  return protocols.includes(undefined) ? body : (protocols[0]?.parse(type, body) ?? body);
}

/** Undefined where it is any text. */
function protocolFor(worker: Worker, type: string): Protocol | undefined {
  if (worker.kind === 'orchestrator') {
    const taker = worker.members.find(({ agent }) => takenBy(agent as Worker).includes(type));
    return taker && protocolFor(taker.agent as Worker, type);
  }
  const { protocol, handles } = worker as AnyMember;
  return protocol && handles.includes(type) ? protocol : undefined;
}
