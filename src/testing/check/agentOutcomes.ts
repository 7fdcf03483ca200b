/** The possible outcomes of an agent's effects: one of each kind that its machine distinguishes. */
import type { AgentAnswer } from '../../contracts/agent.ts';
import { TroupeError, type FailureKind } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import type { Delegation } from '../../../machines/member.ts';
import { knownJson, jsonObject, jsonText } from '../jsonValues.ts';
import { failsWith, succeedsWith } from './effectOutcomes.ts';
import type { PossibleOutcome } from './model.ts';

/** What of an agent's definition its machine can distinguish. */
export interface AgentFeatures {
  /** Has it tools that it runs itself? */
  readonly hasTools: boolean;
  /** Does any of its calls need a person's approval? */
  readonly asksPeople: boolean;
  /** Does any of its tools write? */
  readonly writes: boolean;
  /** The answers that it may give to a message of this type. */
  answers(message: string): readonly AgentAnswer[];
  /** Ids of its objectives. */
  readonly objectives: readonly string[];
  /** The agents and teams that it may call as tools. */
  readonly delegations: readonly DelegatedCall[];
}

/** A call that another agent or team carries out. */
export interface DelegatedCall {
  /** The name of the tool. */
  readonly name: string;
  /** Does the call need a person's approval? */
  readonly ask: boolean;
  /** What the agent or team is given. */
  readonly delegate: Omit<Delegation, 'depth'>;
}

const bill = {
  usage: { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 },
  model: 'a model',
};
const call = { id: 'call', name: 'tool', input: {}, hash: 'hash', tier: 'core', idempotent: false, belt: false };
const read = { ...call, how: 'run', effect: 'read' };
const guarded = (ask: boolean) => ({ ...call, how: 'guarded', effect: 'write', ask, patience: 1_000 });

/** An outcome of a model call: what it says to people, what the agent makes of it, and the calls in it. */
const reading = (says: string, means: object, calls: readonly object[] = []): PossibleOutcome => ({
  ...succeedsWith('callModel', knownJson({ text: '', ...bill, calls, means })),
  says,
});
const failuresOf = (src: string, ...kinds: FailureKind[]) =>
  kinds.map((kind) => failsWith(src, new TroupeError(kind, `${src} went wrong.`)));

type Outcomes = Readonly<Record<string, (input: Json) => readonly PossibleOutcome[]>>;

/** The possible outcomes of each of an agent's effects, by the name of the effect. */
export function agentOutcomes({
  hasTools,
  asksPeople,
  writes,
  answers,
  objectives,
  delegations,
}: AgentFeatures): Outcomes {
  const verdict = (met: boolean) =>
    succeedsWith('verify', { evidence: objectives.map((objective) => ({ objective, met, says: '' })) });
  const made = { kind: 'calls' };
  return {
    callModel: (input) => [
      ...answers(messageIn(input)).map((answer) => reading(`answers ${answer.type}`, { kind: 'answer', answer })),
      ...(hasTools ? [reading('calls a tool', made, [read])] : []),
      ...(writes ? [reading('calls a tool that writes', made, [guarded(false)])] : []),
      ...(asksPeople ? [reading('calls a tool that needs a yes', made, [guarded(true)])] : []),
      ...delegations.map(({ name, ask, delegate }) =>
        reading(`calls ${name}`, made, [{ ...guarded(ask), effect: 'read', name, delegate }]),
      ),
      reading('says what cannot be used', { kind: 'unusable', problem: 'it is empty.' }),
      ...failuresOf('callModel', 'transient', 'auth'),
    ],
    analyze: () => [
      succeedsWith('analyze', { objective: '', requirements: [], risks: [], ...bill }),
      ...failuresOf('analyze', 'transient'),
    ],
    discover: () => [
      succeedsWith('discover', { tools: 1, epoch: 1, missing: [], problems: [] }),
      ...failuresOf('discover', 'environment'),
    ],
    plan: () => [
      succeedsWith('plan', { steps: [{ id: 'a', goal: '', dependsOn: [], expected: '', verification: '' }], ...bill }),
      ...failuresOf('plan', 'model'),
    ],
    runTool: () => [succeedsWith('runTool', { content: 'done' }), ...failuresOf('runTool', 'tool')],
    reconcile: () => [
      succeedsWith('reconcile', { done: true, content: 'done' }),
      succeedsWith('reconcile', { done: false }),
      succeedsWith('reconcile', {}),
      ...failuresOf('reconcile', 'environment'),
    ],
    connectToolbelt: () => [succeedsWith('connectToolbelt', null), ...failuresOf('connectToolbelt', 'environment')],
    listToolbelt: () => [
      succeedsWith('listToolbelt', { tools: 2, epoch: 1, missing: [], conflicts: [] }),
      ...failuresOf('listToolbelt', 'environment'),
    ],
    dropToolbelt: () => [succeedsWith('dropToolbelt', null), ...failuresOf('dropToolbelt', 'environment')],
    verify: () => [verdict(true), verdict(false), ...failuresOf('verify', 'tool')],
    fallback: () => [succeedsWith('fallback', { resource: 'another' }), ...failuresOf('fallback', 'model')],
    cleanUp: () => [succeedsWith('cleanUp', null), ...failuresOf('cleanUp', 'internal')],
  };
}

/** The type of the message that a model call is about. */
const messageIn = (input: Json): string => jsonText(jsonObject(input)['message']);
