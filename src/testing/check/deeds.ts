/** What the effects of an agent may answer: one of each sort that its machine tells apart. */
import type { AgentAnswer } from '../../contracts/agent.ts';
import { TroupeError, type FailureKind } from '../../contracts/failure.ts';
import type { Json } from '../../contracts/json.ts';
import type { Delegation } from '../../../machines/member.ts';
import type { Thinking } from '../../../machines/agent/turn.ts';
import { fails, gives } from './outcomes.ts';
import type { Possible } from './stage.ts';

/** What an agent has, as far as its machine can tell. */
export interface Means {
  readonly hasTools: boolean;
  readonly asksPeople: boolean;
  readonly writes: boolean;
  /** The answers it may give to a message. */
  answers(message: string): readonly AgentAnswer[];
  readonly objectives: readonly string[];
  /** Those it may call as its tools. */
  readonly delegations: readonly Delegated[];
}

/** A call that is work for somebody else. */
export interface Delegated {
  readonly name: string;
  readonly ask: boolean;
  readonly delegate: Omit<Delegation, 'depth'>;
}

const bill = {
  usage: { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 },
  model: 'a model',
};
const call = { id: 'call', name: 'tool', input: {}, hash: 'hash', tier: 'core', idempotent: false, belt: false };
const read = { ...call, how: 'run', effect: 'read' };
const guarded = (ask: boolean) => ({ ...call, how: 'guarded', effect: 'write', ask, patience: 1_000 });

const reading = (says: string, means: object, calls: readonly object[] = []): Possible => ({
  ...gives('callModel', { text: '', ...bill, calls, means } as unknown as Json),
  says,
});
const trouble = (src: string, ...kinds: FailureKind[]) =>
  kinds.map((kind) => fails(src, new TroupeError(kind, `${src} went wrong.`)));

type Deeds = Readonly<Record<string, (input: Json) => readonly Possible[]>>;

export function deedsOf({ hasTools, asksPeople, writes, answers, objectives, delegations }: Means): Deeds {
  const verdict = (met: boolean) =>
    gives('verify', { evidence: objectives.map((objective) => ({ objective, met, says: '' })) });
  const made = { kind: 'calls' };
  return {
    callModel: (input) => [
      ...answers((input as unknown as Thinking).message).map((answer) =>
        reading(`answers ${answer.type}`, { kind: 'answer', answer }),
      ),
      ...(hasTools ? [reading('calls a tool', made, [read])] : []),
      ...(writes ? [reading('calls a tool that writes', made, [guarded(false)])] : []),
      ...(asksPeople ? [reading('calls a tool that needs a yes', made, [guarded(true)])] : []),
      ...delegations.map(({ name, ask, delegate }) =>
        reading(`calls ${name}`, made, [{ ...guarded(ask), effect: 'read', name, delegate }]),
      ),
      reading('says what cannot be used', { kind: 'unusable', problem: 'it is empty.' }),
      ...trouble('callModel', 'transient', 'auth'),
    ],
    analyze: () => [
      gives('analyze', { objective: '', requirements: [], risks: [], ...bill }),
      ...trouble('analyze', 'transient'),
    ],
    discover: () => [
      gives('discover', { tools: 1, epoch: 1, missing: [], problems: [] }),
      ...trouble('discover', 'environment'),
    ],
    plan: () => [
      gives('plan', { steps: [{ id: 'a', goal: '', dependsOn: [], expected: '', verification: '' }], ...bill }),
      ...trouble('plan', 'model'),
    ],
    runTool: () => [gives('runTool', { content: 'done' }), ...trouble('runTool', 'tool')],
    reconcile: () => [
      gives('reconcile', { done: true, content: 'done' }),
      gives('reconcile', { done: false }),
      gives('reconcile', {}),
      ...trouble('reconcile', 'environment'),
    ],
    connectToolbelt: () => [gives('connectToolbelt', null), ...trouble('connectToolbelt', 'environment')],
    listToolbelt: () => [
      gives('listToolbelt', { tools: 2, epoch: 1, missing: [], conflicts: [] }),
      ...trouble('listToolbelt', 'environment'),
    ],
    dropToolbelt: () => [gives('dropToolbelt', null), ...trouble('dropToolbelt', 'environment')],
    verify: () => [verdict(true), verdict(false), ...trouble('verify', 'tool')],
    fallback: () => [gives('fallback', { resource: 'another' }), ...trouble('fallback', 'model')],
    cleanUp: () => [gives('cleanUp', null), ...trouble('cleanUp', 'internal')],
  };
}
