/** The fallback to the next model, and the cleanup at the end. */
import type { AgentOutput } from '../src/contracts/agent.ts';
import { fromFailure } from '../src/values/failure.ts';
import type { ModelChoice } from '../src/contracts/model.ts';
import type { FallbackOutput, FallbackInput } from '../machines/agent/effectTypes.ts';
import type { DefinitionFor } from './callModel.ts';
import { effect } from './effect.ts';
import type { AgentDeps } from './tools.ts';

const nameOf = (choice: ModelChoice): string =>
  typeof choice === 'string' ? choice : 'id' in choice ? choice.id : choice.map((one) => nameOf(one)).join(', ');

/** The next model of the definition. If there is none, it fails with the failure that led here. */
export const fallbackModel = (define: DefinitionFor) =>
  effect<FallbackOutput, FallbackInput>(async ({ failure, fallbacks, message }) => {
    const next = define(message).fallbacks?.[fallbacks - 1];
    if (next === undefined) throw fromFailure(failure);
    return { resource: nameOf(next) };
  });

export const cleanUpAgent = ({ toolbelt, cleanUp: close }: AgentDeps) =>
  effect<null, { status: AgentOutput['status'] }>(async (_, { actor, run, signal }) => {
    await toolbelt?.release?.(actor);
    await close?.({ actor, run, signal });
    return null;
  });
