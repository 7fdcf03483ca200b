/** The task of an agent step as its effects read it, and the credentials of its servers. */
import type { EffectScope, ListFold } from '../../../src/contracts/effect.ts';
import type { AgentTaskServer } from '../../../src/contracts/workflow/agentTask.ts';
import { TroupeError } from '../../../src/values/failure.ts';
import type { Json } from '../../../src/values/json.ts';
import {
  stepLists,
  type KeptAgentTask,
  type StepTool,
  type StoredServer,
} from '../../../machines/workflow/agentStep/effectTypes.ts';
import { unseal } from '../../../src/workflow/expressions/unseal.ts';
import { foldOf } from '../../lists.ts';
import type { AgentStepDeps, ServerCredentials } from './deps.ts';

/** The last entry of a list that has one. */
const latest: ListFold<{ entry: Json | undefined }> = {
  initial: () => ({ entry: undefined }),
  add: (_, entry) => ({ entry }),
};

/** The task of the actor whose effect this is. */
export async function keptTask(scope: Pick<EffectScope, 'list' | 'fold'>): Promise<KeptAgentTask> {
  const { entry } = await foldOf(scope, stepLists.task, latest);
  if (entry === undefined) throw new TroupeError('internal', 'The agent step has not stored its task.');
  // The step wrote it itself, and writes nothing else to this list.
  return entry as unknown as KeptAgentTask;
}

/** The tools that the step has found; none before that. */
export async function keptTools(scope: Pick<EffectScope, 'list' | 'fold'>): Promise<readonly StepTool[]> {
  const { entry } = await foldOf(scope, stepLists.tools, latest);
  // As the task.
  return entry === undefined ? [] : (entry as unknown as { readonly tools: readonly StepTool[] }).tools;
}

/** One server of a task, with the places of its secrets. */
export function storedServer({ value, sealed }: KeptAgentTask, index: number): StoredServer {
  const server = value.servers[index];
  if (!server) throw new TroupeError('internal', `The agent step has no tool server ${index}.`);
  const own = sealed.filter(({ path }) => path[0] === 'servers' && path[1] === index);
  return { value: server, sealed: own.map(({ path, value: secret }) => ({ path: path.slice(2), value: secret })) };
}

/** The credentials of a server, in clear. */
export function credentialsOf(stored: StoredServer, { secrets }: Pick<AgentStepDeps, 'secrets'>): ServerCredentials {
  // Unsealing changes only the places that hold null.
  const { auth, params } = unseal(stored, secrets) as unknown as AgentTaskServer;
  return {
    ...(typeof auth?.value === 'string' ? { auth: auth.value } : {}),
    ...(params === undefined ? {} : { params }),
  };
}
