/** What an agent's actor is given: a door to every model, and its tools. Types only; the rooms provide them. */
import { fromFailure, type Failure } from '../src/contracts/failure.ts';
import type { Json } from '../src/contracts/json.ts';
import type {
  ModelAnswer,
  ModelChoice,
  ModelPart,
  ModelRequest,
  ModelScope,
  ToolInfo,
  ToolTier,
} from '../src/contracts/model.ts';
import type { ToolScope, ToolSource } from '../src/contracts/tool.ts';

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

/** Tools that are connected on demand, and let go of. */
export interface Toolbelt extends Tools {
  release?(): Promise<void>;
}

export interface ModelDoor {
  /** One whole answer; its parts are shown as they come. */
  answer(
    choice: ModelChoice,
    request: ModelRequest,
    scope: ModelScope,
    onPart?: (part: ModelPart) => void,
  ): Promise<ModelAnswer>;
}

export interface AgentDeps {
  readonly gateway: ModelDoor;
  readonly tools?: Tools;
  /** Names of the tools it may use; all of them unless told otherwise. */
  readonly allow?: readonly string[];
  readonly toolbelt?: Toolbelt;
  /** Closes what was opened for this agent alone. */
  cleanUp?(scope: { readonly actor: string; readonly run: string; readonly signal: AbortSignal }): Promise<void>;
}

export interface Offered extends ToolInfo {
  readonly belt: boolean;
  readonly idempotent: boolean;
}

const tiers: readonly ToolTier[] = ['core', 'toolchain', 'toolbelt'];
export const isWithin = (tier: ToolTier, limit: ToolTier): boolean => tiers.indexOf(tier) <= tiers.indexOf(limit);

/** Every tool the agent may use, whatever its tier; those of the toolbelt once it is on. Throws when a source is missing: an agent without its tools would only guess. */
export async function allTools(deps: AgentDeps, tier: ToolTier, signal: AbortSignal): Promise<readonly Offered[]> {
  const of = async (tools: Tools | undefined, belt: boolean): Promise<Offered[]> => {
    if (!tools) return [];
    const listed = await tools.list(signal, deps.allow ? { allow: deps.allow } : {});
    const missing = tools.missing?.();
    if (missing) throw fromFailure(missing);
    return listed.map((info) => ({ ...info, belt, idempotent: tools.idempotent(info.name) }));
  };
  const own = await of(deps.tools, false);
  return tier === 'toolbelt' && deps.toolbelt ? [...own, ...(await of(deps.toolbelt, true))] : own;
}

export const sourceOf = ({ tools, toolbelt }: AgentDeps, belt: boolean): Tools | undefined => (belt ? toolbelt : tools);

export type { Json, ToolScope };
