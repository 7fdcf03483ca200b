/** Lists the tools, and finds the required capabilities that none of them has and what is wrong with the list. */
import type { ToolTier } from '../src/contracts/model.ts';
import type { DiscoveryOutput } from '../machines/agent/effectTypes.ts';
import type { DefinitionFor } from './callModel.ts';
import type { EffectScope } from '../src/contracts/effect.ts';
import { effect } from './effect.ts';
import { allTools, type AgentDeps } from './tools.ts';

export const discover = (define: DefinitionFor, deps: AgentDeps) =>
  effect<DiscoveryOutput, { message: string; tier: ToolTier }>(
    async ({ message, tier }, scope) => {
      const tools = await tellingOfSilence(deps, scope, () => allTools(deps, tier, scope));
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
    },
    deps.areToolsKnown ? { eager: true } : {},
  );

/** Milliseconds after which a person is told which server is waited for. */
const patience = 8_000;

/** Lists the tools, and warns when a server does not answer: to somebody who watches, a server that is silent looks like an agent that hangs. */
async function tellingOfSilence<T>(
  { tools }: AgentDeps,
  { clock, progress }: EffectScope,
  list: () => Promise<T>,
): Promise<T> {
  const began = clock.now();
  using _ = clock.wake(began + patience, () => {
    const names = tools?.waitingFor?.() ?? [];
    const message = `Tool server ${names.map((name) => `"${name}"`).join(', ')} has not answered for ${patience / 1_000} s, and is waited for.`;
    if (names.length > 0) progress({ type: 'warning', message });
  });
  return await list();
}
