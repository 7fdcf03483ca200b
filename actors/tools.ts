/** What an agent's actor is given: a door to every model, and its tools. The rooms provide them. */
import type { EffectScope } from '../src/contracts/effect.ts';
import { fromFailure, type Failure } from '../src/contracts/failure.ts';
import type {
  Model,
  ModelAnswer,
  ModelChoice,
  ModelPart,
  ModelRequest,
  ModelScope,
  ToolInfo,
  ToolTier,
} from '../src/contracts/model.ts';
import { toolTiers } from '../src/contracts/model.ts';
import type { Json } from '../src/contracts/json.ts';
import type { ToolSource } from '../src/contracts/tool.ts';
import type { AnyStateMachine } from 'xstate';
import type { Membership } from '../machines/member.ts';

/** Several sources as one; `catalog(sources)` is one. */
export interface Tools extends Pick<ToolSource, 'call' | 'idempotent' | 'reconcile'> {
  /** Rises with every change of the list. */
  readonly epoch: number;
  /** `allow`: names as a model sees them, `server/tool`, or `server/*`; all tools unless told otherwise. */
  list(signal: AbortSignal, filter?: { readonly allow?: readonly string[] }): Promise<readonly ToolInfo[]>;
  /** Why a source that the agent cannot do without is not there. */
  missing?(): Failure | undefined;
  /** What else is not as whoever defined the agent might think. */
  problems?(filter?: { readonly allow?: readonly string[] }): readonly Failure[];
}

/** Tools that are connected on demand, and let go of when no actor holds them any more. */
export interface Toolbelt extends Tools {
  hold?(actor: string): void;
  release?(actor: string): Promise<void>;
}

export interface ModelDoor {
  /** One whole answer; its parts are shown as they come. */
  answer(
    choice: ModelChoice,
    request: ModelRequest,
    scope: ModelScope,
    onPart?: (part: ModelPart, text: string) => void,
  ): Promise<ModelAnswer>;
  /** The models that a choice comes to: those of a group, in its order. */
  models?(choice: ModelChoice): readonly (string | Model)[];
}

export interface AgentDeps {
  readonly gateway: ModelDoor;
  readonly tools?: Tools;
  /** Names of the tools it may use; all of them unless told otherwise. */
  readonly allow?: readonly string[];
  readonly toolbelt?: Toolbelt;
  readonly delegates?: readonly Delegate[];
  /** Closes what was opened for this agent alone, when its task is over. */
  cleanUp?(scope: { readonly actor: string; readonly run: string; readonly signal: AbortSignal }): Promise<void>;
}

/** A tool that is the work of another agent, or of a team. */
export interface Delegate {
  readonly info: ToolInfo;
  readonly who: Membership;
  readonly machine: AnyStateMachine;
  /** The message that a call comes to. Throws with what a model should mend. */
  message(input: Json): { readonly type: string; readonly body: Json };
}

export interface Offered extends ToolInfo {
  readonly delegate?: Delegate;
  readonly belt: boolean;
  readonly idempotent: boolean;
}

export const isWithin = (tier: ToolTier, limit: ToolTier): boolean =>
  toolTiers.indexOf(tier) <= toolTiers.indexOf(limit);

type At = Pick<EffectScope, 'signal' | 'actor'>;

async function offered(tools: Tools, belt: boolean, { allow }: AgentDeps, { signal }: At): Promise<Offered[]> {
  const listed = await tools.list(signal, allow ? { allow } : {});
  const missing = tools.missing?.();
  if (missing) throw fromFailure(missing);
  return listed.map((info) => ({ ...info, belt, idempotent: tools.idempotent(info.name) }));
}

/** Its own tools, whatever their tier. Throws when a source is missing: an agent without its tools would only guess. */
export const ownTools = async (deps: AgentDeps, at: At): Promise<readonly Offered[]> => [
  ...(deps.tools ? await offered(deps.tools, false, deps, at) : []),
  ...(deps.delegates ?? [])
    .filter(({ info }) => deps.allow?.includes(info.name) ?? true)
    .map((delegate) => ({ ...delegate.info, delegate, belt: false, idempotent: true })),
];

/** Its own tools, and those of the toolbelt once it is on. */
export async function allTools(deps: AgentDeps, tier: ToolTier, at: At): Promise<readonly Offered[]> {
  const own = await ownTools(deps, at);
  if (tier !== 'toolbelt' || !deps.toolbelt) return own;
  deps.toolbelt.hold?.(at.actor);
  return [...own, ...(await offered(deps.toolbelt, true, deps, at))];
}

export const sourceOf = ({ tools, toolbelt }: AgentDeps, belt: boolean): Tools | undefined => (belt ? toolbelt : tools);
