/** Agents and teams behind a supervisor, reduced to their contracts: each answers as declared, asks a person, fails, or exceeds its restarts. */
import { fromPromise } from 'xstate';
import type { AgentAnswer } from '../../contracts/agent.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { jsonSchema, type Protocol } from '../../contracts/protocol.ts';
import type { PendingEffect } from '../../contracts/pending.ts';
import type { Member, Compiled } from '../../define/member.ts';
import type { AnyWorker } from '../../define/memberProfile.ts';
import type { Pool } from '../../define/pool.ts';
import type { AnyAgent, AnyTeam } from '../../define/runnable.ts';
import { knownJson } from '../jsonValues.ts';
import { present } from '../present.ts';
import { contextOf } from './contexts.ts';
import { asksPeople, deadlineOf, memberMachine, memberWorkOf, type MemberStep, type MemberWork } from './member.ts';
import type { CheckSettings } from './options.ts';
import { failsWith } from './effectOutcomes.ts';
import { bodiesOf } from './samples.ts';
import type { PossibleOutcome } from './model.ts';
import type { ModelActor } from './world.ts';

/** The agent or team whose contract a machine keeps, by the machine's `work` effect: that one is the same in every copy of the machine. */
const contractFor = new WeakMap<object, ContractedWorker>();

/** The same guardrails and routers, with only the contracts of the agents and teams behind them. */
export function reducedToContracts<W extends AnyWorker>(worker: W): W {
  // Each keeps its kind, except that a team becomes an agent with the same contract: supervisors treat both alike.
  return reduced(worker) as W;
}

function reduced(worker: AnyWorker): object {
  // The type of what is guarded or given tasks is not known here; it was checked when it was defined.
  if (worker.kind === 'guarded') return { ...worker, subject: reduced(worker.subject as AnyWorker) };
  if (worker.kind === 'orchestrator')
    return { ...worker, members: worker.members.map((each) => ({ ...each, agent: reduced(each.agent as AnyWorker) })) };
  return contractOf(worker);
}

/** What has a contract of its own: what is guarded, and an orchestrator, have those of their members. */
export type ContractedWorker = AnyAgent | AnyTeam | Pool;

/** A worker as a member that is run by the machine of its contract. */
export function contractOf(worker: ContractedWorker): Member & { compile(): Compiled } {
  // Never performed: its outcomes are samples.
  const work = fromPromise<MemberStep, MemberWork>(() => Promise.reject(new Error('A check asks no model.')));
  contractFor.set(work, worker);
  const machine = memberMachine(deadlineOf(worker)).provide({ actors: { work } });
  const { name, protocol, handles }: Member = worker;
  const plain = { tools: [], definition: () => ({}) };
  return { kind: 'agent', name, protocol, handles, ...plain, compile: () => ({ machine, options: {} }) };
}

/** The possible outcomes of the message that a member was given. */
export function memberOutcomes(actor: ModelActor, effect: PendingEffect, settings: CheckSettings): PossibleOutcome[] {
  const { type, asked } = memberWorkOf(effect);
  const { name, chart } = actor.type;
  const { work } = chart.machine.implementations.actors;
  const worker = present(work && contractFor.get(work), `The contract of "${name}"`);
  const asks = asksPeople(worker) && !asked;
  return [
    ...answersOf(worker, type, settings).map((answer): PossibleOutcome => ({
      outcome: { ok: true, output: { answer } },
      says: `answers ${answer.type}`,
    })),
    ...(asks ? [{ outcome: { ok: true, output: { asks: true } } as const, says: 'has to ask a person' }] : []),
    failsWith('work', new TroupeError('model', `"${name}" could not do it.`)),
    failsWith('work', new TroupeError('transient', `"${name}" could not do it now.`)),
    { ...failsWith('work', new TroupeError('restarts', `"${name}" died too often.`)), says: 'dies' },
  ];
}

/** The part of a member's context that counts. */
export const projectMember = (actor: ModelActor): Json => {
  const { type = null, asked = null } = contextOf(actor, 'member') ?? {};
  return [type, asked];
};

function answersOf(worker: ContractedWorker, type: string, settings: CheckSettings): AgentAnswer[] {
  const { protocol, handles }: Member = worker;
  if (!protocol || handles.length === 0) return [{ type: 'text', body: 'text' }];
  const isPlain = worker.kind === 'team' && worker.plain === true;
  const replies: readonly string[] =
    worker.kind === 'team' ? [worker.returns] : (protocol.messages[type]?.replies ?? []);
  return replies.flatMap((reply) =>
    bodiesFor(protocol, reply, settings).map((body) => ({ type: isPlain ? 'text' : reply, body: knownJson(body) })),
  );
}

/** Bodies of a message: the given samples, otherwise bodies that fit its schema. Throws `invalid` for a sample that does not fit, `definition` when none can be made up. */
export function bodiesFor(protocol: Protocol, type: string, { samples = {}, numbers }: CheckSettings): readonly Json[] {
  const parse = (body: unknown): Json => knownJson(protocol.parse(type, body));
  const schema = () => jsonSchema(present(protocol.messages[type], `The message "${type}"`).body);
  return samples[type]?.map(parse) ?? bodiesOf(type, schema(), parse, numbers);
}
