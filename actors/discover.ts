/** Lists the tools, and finds the required capabilities that none of them has and what is wrong with the list. */
import type { ToolTier } from '../src/contracts/model.ts';
import type { DiscoveryOutput } from '../machines/agent/effectTypes.ts';
import type { DefinitionFor } from './callModel.ts';
import { effect } from './effect.ts';
import { allTools, type AgentDeps } from './tools.ts';

export const discover = (define: DefinitionFor, deps: AgentDeps) =>
  effect<DiscoveryOutput, { message: string; tier: ToolTier }>(async ({ message, tier }, scope) => {
    const tools = await allTools(deps, tier, scope);
    const offered = new Set(tools.flatMap(({ capabilities }) => capabilities));
    const { requires = [] } = define(message);
    const problems = (deps.tools?.problems?.(deps.allow ? { allow: deps.allow } : {}) ?? []).map(
      ({ message }) => message,
    );
    for (const message of problems) scope.progress({ type: 'warning', message });
    return {
      tools: tools.length,
      epoch: deps.tools?.epoch ?? 0,
      missing: requires.filter((capability) => !offered.has(capability)),
      problems,
    };
  });
