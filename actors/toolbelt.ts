/** Puts the toolbelt on and takes it off. */
import { fromFailure, TroupeError } from '../src/contracts/failure.ts';
import type { Belt } from '../machines/agent/turn.ts';
import { effect } from './effect.ts';
import type { AgentDeps } from './tools.ts';

interface At {
  readonly epoch: number;
}

const none = () => new TroupeError('capability', 'This agent has no toolbelt.');

export const connectToolbelt = ({ toolbelt }: AgentDeps) =>
  effect<null, At>(async (_, { signal }) => {
    if (!toolbelt) throw none();
    await toolbelt.list(signal);
    const missing = toolbelt.missing?.();
    if (missing) throw fromFailure(missing);
    return null;
  });

/** Names that the agent's own tools have already would be ambiguous. */
export const listToolbelt = ({ toolbelt, tools }: AgentDeps) =>
  effect<Belt, At>(async ({ epoch }, { signal }) => {
    if (!toolbelt) throw none();
    const own = new Set(((await tools?.list(signal)) ?? []).map(({ name }) => name));
    const names = (await toolbelt.list(signal)).map(({ name }) => name);
    return { tools: names.length, epoch: epoch + 1, conflicts: names.filter((name) => own.has(name)) };
  });

export const dropToolbelt = ({ toolbelt }: AgentDeps) =>
  effect<null, At>(async () => {
    await toolbelt?.release?.();
    return null;
  });
