/** What an agent's actor is given: the gateway to the models, and its tools. */
import type { EffectScope } from '../src/contracts/effect.ts';
import { fromFailure, type Failure } from '../src/values/failure.ts';
import type {
  CallEstimate,
  FailedAttempts,
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
import type { Json } from '../src/values/json.ts';
import type { ToolSource } from '../src/contracts/tool.ts';
import type { AnyStateMachine } from 'xstate';
import type { MemberKind } from '../machines/member.ts';

/** Several tool sources as one; `catalog(sources)` makes it. */
export interface ToolCatalog extends Pick<ToolSource, 'call' | 'idempotent' | 'reconcile'> {
  /** Rises with every change of the list of tools. */
  readonly epoch: number;
  /** `allow`: names as a model sees them, `server/tool`, or `server/*`; all tools by default. */
  list(signal: AbortSignal, filter?: { readonly allow?: readonly string[] }): Promise<readonly ToolInfo[]>;
  /** The sources that are being listed now and have not answered. */
  waitingFor?(): readonly string[];
  /** The failure of a source that the agent needs and that is not available. */
  missing?(): Failure | undefined;
  /** What else is wrong with the list: names that clash, names in `allow` that no tool has. */
  problems?(filter?: { readonly allow?: readonly string[] }): readonly Failure[];
}

/** Tools that are connected on demand, and closed when no actor holds them any more. */
export interface Toolbelt extends ToolCatalog {
  hold?(actor: string): void;
  release?(actor: string): Promise<void>;
}

/** The models, as an agent's effects call them. */
export interface ModelGateway {
  /**
   * Gives one whole answer. `onPart` is called with each part, and with the text so far. `mayTry` is asked before every attempt but the first, with
   * what the failed ones have used. What all of them used is in the data of a failure (`usage`, `answers`).
   */
  answer(
    choice: ModelChoice,
    request: ModelRequest,
    scope: ModelScope,
    onPart?: (part: ModelPart, text: string) => void,
    mayTry?: (failed: FailedAttempts) => boolean,
  ): Promise<ModelAnswer>;
  /** The models that a choice stands for: those of a group, in its order. */
  models?(choice: ModelChoice): readonly (string | Model)[];
  /** What a call can use at most, whichever of the models answers. */
  estimate?(choice: ModelChoice, request: ModelRequest): CallEstimate;
}

/** What the actor of an agent needs beside its definition. */
export interface AgentDeps {
  readonly gateway: ModelGateway;
  readonly tools?: ToolCatalog;
  /** No server is asked for the list of its tools: what discovers them takes no time. False by default. */
  readonly areToolsKnown?: boolean;
  /** The names of the tools that it may use; all of them by default. */
  readonly allow?: readonly string[];
  /** Tools that the agent activates when it needs them; none by default. */
  readonly toolbelt?: Toolbelt;
  /** Other agents and teams that it may call like tools. */
  readonly delegates?: readonly CompiledDelegate[];
  /** True for an agent that works for others, which may lend it their budget. */
  readonly isMember?: true;
  /** Closes what was opened for this agent alone, at the end of its task. */
  cleanUp?(scope: { readonly actor: string; readonly run: string; readonly signal: AbortSignal }): Promise<void>;
}

/** Another agent or a team that is called like a tool. */
export interface CompiledDelegate {
  readonly info: ToolInfo;
  readonly who: MemberKind;
  readonly machine: AnyStateMachine;
  /** The message for a call. Throws what the model should correct. */
  message(input: Json): { readonly type: string; readonly body: Json };
}

/** A tool, and where it comes from. */
export interface OfferedTool extends ToolInfo {
  readonly delegate?: CompiledDelegate;
  readonly belt: boolean;
  readonly idempotent: boolean;
}

export const isTierWithin = (tier: ToolTier, limit: ToolTier): boolean =>
  toolTiers.indexOf(tier) <= toolTiers.indexOf(limit);

type ToolListScope = Pick<EffectScope, 'signal' | 'actor'>;

/** The list of a catalog. Throws when a source is missing: without its tools an agent would only guess. */
async function listOf(tools: ToolCatalog, { allow }: AgentDeps, { signal }: ToolListScope) {
  const listed = await tools.list(signal, allow ? { allow } : {});
  const missing = tools.missing?.();
  if (missing) throw fromFailure(missing);
  return listed;
}

const offered = (tools: ToolCatalog, belt: boolean, listed: readonly ToolInfo[]): OfferedTool[] =>
  listed.map((info) => ({
    ...info,
    belt,
    // Asked at each call: it decides whether a write may be made twice.
    get idempotent() {
      return tools.idempotent(info.name);
    },
  }));

const offeredDelegates = ({ delegates = [], allow }: AgentDeps): OfferedTool[] =>
  delegates
    .filter(({ info }) => allow?.includes(info.name) ?? true)
    .map((delegate) => ({ ...delegate.info, delegate, belt: false, idempotent: true }));

interface OfferedTools {
  /** The lists that they were made of. */
  readonly own: readonly ToolInfo[] | undefined;
  readonly belt: readonly ToolInfo[] | undefined;
  readonly tools: readonly OfferedTool[];
}
/** The latest tools of an agent. A catalog gives the same list as long as nothing has changed. */
const latestTools = new WeakMap<AgentDeps, OfferedTools>();

function offeredTools(deps: AgentDeps, own: OfferedTools['own'], belt: OfferedTools['belt']): readonly OfferedTool[] {
  const latest = latestTools.get(deps);
  if (latest && latest.own === own && latest.belt === belt) return latest.tools;
  const tools = [
    ...(deps.tools && own ? offered(deps.tools, false, own) : []),
    ...offeredDelegates(deps),
    ...(deps.toolbelt && belt ? offered(deps.toolbelt, true, belt) : []),
  ];
  latestTools.set(deps, { own, belt, tools });
  return tools;
}

/** The agent's own tools, whatever their tier. Throws when a source is missing. */
export const ownTools = async (deps: AgentDeps, scope: ToolListScope): Promise<readonly OfferedTool[]> =>
  offeredTools(deps, deps.tools && (await listOf(deps.tools, deps, scope)), undefined);

/** The agent's own tools, and those of the toolbelt once it is active: the same list, until something changes. */
export async function allTools(deps: AgentDeps, tier: ToolTier, scope: ToolListScope): Promise<readonly OfferedTool[]> {
  const own = deps.tools && (await listOf(deps.tools, deps, scope));
  if (tier !== 'toolbelt' || !deps.toolbelt) return offeredTools(deps, own, undefined);
  deps.toolbelt.hold?.(scope.actor);
  return offeredTools(deps, own, await listOf(deps.toolbelt, deps, scope));
}

export const toolSourceOf = ({ tools, toolbelt }: AgentDeps, belt: boolean): ToolCatalog | undefined =>
  belt ? toolbelt : tools;
