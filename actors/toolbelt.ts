/** Activates the toolbelt and takes it away again. */
import { TroupeError } from '../src/values/failure.ts';
import type { ToolbeltListing, ToolbeltInput } from '../machines/agent/effectTypes.ts';
import type { DefinitionFor } from './callModel.ts';
import { effect } from './effect.ts';
import { allTools, ownTools, type AgentDeps } from './tools.ts';

const noToolbelt = () => new TroupeError('capability', 'This agent has no toolbelt.');

export const connectToolbelt = (deps: AgentDeps) =>
  effect<null, ToolbeltInput>(async (_, scope) => {
    if (!deps.toolbelt) throw noToolbelt();
    await allTools(deps, 'toolbelt', scope);
    return null;
  });

/** Lists the toolbelt. Names that the agent's own tools have already are conflicts. */
export const listToolbelt = (define: DefinitionFor, deps: AgentDeps) =>
  effect<ToolbeltListing, ToolbeltInput>(async ({ epoch, message }, scope) => {
    if (!deps.toolbelt) throw noToolbelt();
    const all = await allTools(deps, 'toolbelt', scope);
    const own = new Set((await ownTools(deps, scope)).map(({ name }) => name));
    const belt = all.filter((tool) => tool.belt).map(({ name }) => name);
    const offered = new Set(all.flatMap(({ capabilities }) => capabilities));
    const { requires = [] } = define(message);
    return {
      tools: belt.length,
      epoch: epoch + 1,
      missing: requires.filter((capability) => !offered.has(capability)),
      conflicts: belt.filter((name) => own.has(name)),
    };
  });

export const dropToolbelt = ({ toolbelt }: AgentDeps) =>
  effect<null, ToolbeltInput>(async (_, { actor }) => {
    await toolbelt?.release?.(actor);
    return null;
  });
