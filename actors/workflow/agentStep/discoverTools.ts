/** Lists the tools of all servers of an agent step, at the same time. */
import type { EffectScope } from '../../../src/contracts/effect.ts';
import { toFailure, TroupeError } from '../../../src/values/failure.ts';
import { isJsonObject } from '../../../src/values/json.ts';
import type {
  KeptAgentTask,
  StepDiscovery,
  StepDiscoveryInput,
  StepTool,
} from '../../../machines/workflow/agentStep/effectTypes.ts';
import { anew, effect } from '../../effect.ts';
import { isAllowedTool } from './allowed.ts';
import type { AgentStepDeps } from './deps.ts';
import { credentialsOf, keptTask, storedServer } from './keptTask.ts';
import { redactionOf } from './withoutSecrets.ts';

/** Fills `discover`. A server that fails is named; of tools with one name, that of the last server is taken. */
export const discoverStepTools = (deps: AgentStepDeps) =>
  anew(
    effect<StepDiscovery, StepDiscoveryInput>(async (_, scope) => {
      const task = await keptTask(scope);
      const redaction = redactionOf(task, deps);
      return redaction.guard(async () => {
        const lists = await Promise.all(
          task.value.servers.map((_server, index) => toolsOf(storedServer(task, index), index, deps, scope)),
        );
        const tools = redaction.clean(lists.flat());
        for (const { info } of tools) if (isSubAgent(info.name, task)) throw nameTaken(info.name);
        return { tools: tools.filter(({ info }, index) => index === lastOf(info.name, tools)) };
      });
    }),
  );

const isSubAgent = (name: string, { value }: KeptAgentTask): boolean =>
  value.subAgents?.some(({ tool }) => tool === name) === true;

const nameTaken = (name: string) =>
  new TroupeError(
    'definition',
    `A server has a tool "${name}", which is a sub-agent as well. Give the sub-agent another "name", or leave the tool out of the allowlist.`,
  );

const lastOf = (name: string, all: readonly StepTool[]): number => all.findLastIndex(({ info }) => info.name === name);

async function toolsOf(
  stored: ReturnType<typeof storedServer>,
  index: number,
  deps: AgentStepDeps,
  { signal }: EffectScope,
): Promise<StepTool[]> {
  const { name, allow } = stored.value;
  if (allow.length === 0) return [];
  try {
    const source = await deps.servers.tools(stored.value, credentialsOf(stored, deps));
    const listed = await source.list(signal);
    return listed
      .filter((info) => isAllowedTool(allow, info.name))
      .map((info) => ({ server: index, info, idempotent: source.idempotent(info.name) }));
  } catch (thrown) {
    const { kind, message, retryable, data } = toFailure(thrown);
    throw new TroupeError(kind, `discover tools from ${name}: ${message}`, {
      retryable,
      cause: thrown,
      data: { ...(isJsonObject(data) ? data : {}), server: name },
    });
  }
}
