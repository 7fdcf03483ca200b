/** Agents and teams by their contracts, where what is looked at is who stands in front of them: they answer as declared, ask a person, fail, or die. */
import { fromPromise } from 'xstate';
import type { AgentAnswer } from '../../contracts/agent.ts';
import { TroupeError } from '../../contracts/failure.ts';
import type { Json } from '../../contracts/json.ts';
import { jsonSchema, type Protocol } from '../../contracts/protocol.ts';
import type { Pending } from '../../journal/journal.ts';
import type { Member, Part } from '../../member.ts';
import type { AnyAgent, AnyGuarded, AnyOrchestrator, AnyTeam } from '../../subject.ts';
import type { EffectData } from '../../contracts/pending.ts';
import { asksPeople, memberMachine, type Deed, type Working } from './member.ts';
import type { Settings } from './options.ts';
import { fails } from './outcomes.ts';
import { bodiesOf } from './samples.ts';
import type { Possible } from './stage.ts';
import type { Actor } from './world.ts';

type Worker = AnyAgent | AnyTeam | AnyGuarded | AnyOrchestrator;

/** Whose contract a machine keeps, by the effect that is its work: that is the same wherever the machine stands. */
const whose = new WeakMap<object, AnyAgent | AnyTeam>();

/** The same guardrails and routers, with nobody behind them but contracts. */
export function byContract<W extends Worker>(worker: W): W {
  // Each keeps its kind; an agent or a team is one that its supervisors speak to as to an agent.
  if (worker.kind === 'guarded') return { ...worker, subject: byContract(worker.subject as Worker) };
  if (worker.kind === 'orchestrator')
    return { ...worker, members: worker.members.map((each) => ({ ...each, agent: byContract(each.agent as Worker) })) };
  return contractOf(worker) as unknown as W;
}

/** As a member, it is run by the machine of its contract. */
export function contractOf(worker: AnyAgent | AnyTeam): Member & { part(): Part } {
  // Its outcomes are samples: it is never performed.
  const work = fromPromise<Deed, Working>(() => Promise.reject(new Error('A check asks no model.')));
  whose.set(work, worker);
  const machine = memberMachine(worker as Partial<Pick<AnyAgent, 'deadline'>>).provide({ actors: { work } });
  const { name, protocol, handles } = worker as Member;
  const plain = { tools: [], definition: () => ({}) };
  return { kind: 'agent', name, protocol, handles, ...plain, part: () => ({ machine, options: {} }) };
}

/** What a member may do with the message it was given. */
export function deedsOf(actor: Actor, { data }: Pending, settings: Settings): Possible[] {
  const { input } = data as unknown as EffectData;
  const { type, asked } = input as unknown as Working;
  const { name, machine } = { name: actor.type.name, machine: actor.type.chart.machine };
  const worker = whose.get(machine.implementations.actors['work'] as object)!;
  const asks = asksPeople(worker as Member) && !asked;
  return [
    ...answersOf(worker, type, settings).map((answer): Possible => ({
      outcome: { ok: true, output: { answer } as Json },
      says: `answers ${answer.type}`,
    })),
    ...(asks ? [{ outcome: { ok: true, output: { asks: true } } as const, says: 'has to ask a person' }] : []),
    fails('work', new TroupeError('model', `"${name}" could not do it.`)),
    fails('work', new TroupeError('transient', `"${name}" could not do it now.`)),
    { ...fails('work', new TroupeError('restarts', `"${name}" died too often.`)), says: 'dies' },
  ];
}

/** What is known of one that keeps its contract. */
export const keepMember = ({ snapshot }: Actor): Json => {
  const { type, asked } = snapshot.context as Working;
  return [type, asked];
};

function answersOf(worker: AnyAgent | AnyTeam, type: string, settings: Settings): AgentAnswer[] {
  const { protocol, handles } = worker as Member;
  if (!protocol || handles.length === 0) return [{ type: 'text', body: 'text' }];
  const isPlain = worker.kind === 'team' && worker.plain === true;
  const replies = worker.kind === 'team' ? [worker.returns as string] : (protocol.messages[type]?.replies ?? []);
  return replies.flatMap((reply) =>
    bodiesFor(protocol, reply, settings).map((body) => ({ type: isPlain ? 'text' : reply, body: body as never })),
  );
}

/** Bodies of a message that fit its schema. */
export function bodiesFor(protocol: Protocol, type: string, { samples = {} }: Settings): readonly Json[] {
  const parse = (body: unknown) => protocol.parse(type, body) as Json;
  return samples[type]?.map(parse) ?? bodiesOf(type, jsonSchema(protocol.messages[type]!.body), parse);
}
