/** The task of an invocation with its secrets taken out: what is kept of it has none, also in memory. */
import type { StoredAgentTask } from '../../../contracts/workflow/agentTask.ts';
import type { Sealed, SecretSource } from '../../../contracts/workflow/values.ts';
import { agentTaskOf } from '../contracts/agentWork.ts';
import type { InvokeRequest } from '../contracts/runtimeRequest.ts';

/** The secrets of the invocations that are under way. */
export interface SealedRequests extends SecretSource {
  /** Takes the secrets out of an invocation. `forget` drops their values. */
  seal(request: InvokeRequest): { readonly task: StoredAgentTask; forget(): void };
}

/** Keeps the headers and secret parameters of tool servers for as long as their invocation goes on. */
export function sealedRequests(): SealedRequests {
  const values = new Map<string, string>();
  let count = 0;
  return {
    secret: (name) => values.get(name),
    seal(request) {
      const names: string[] = [];
      const sealed: { path: readonly (string | number)[]; value: Sealed }[] = [];
      const hide = (value: string, path: readonly (string | number)[]): null => {
        const name = `invocation ${count++}`;
        values.set(name, value);
        names.push(name);
        sealed.push({ path, value: { env: name } });
        return null;
      };
      const task = agentTaskOf(request);
      const servers = task.servers.map((server, at) => {
        const { auth, params, approvals } = server;
        const secret = request.tool_servers?.[at]?.secret_keys ?? [];
        const shown = Object.entries(params ?? {}).map(([name, value]) => [
          name,
          secret.includes(name) && typeof value === 'string' ? hide(value, ['servers', at, 'params', name]) : value,
        ]);
        return {
          ...server,
          ...(auth?.value == null
            ? {}
            : { auth: { header: auth.header, value: hide(auth.value, ['servers', at, 'auth', 'value']) } }),
          ...(params ? { params: Object.fromEntries(shown) } : {}),
          // The orchestrator keeps the time, and decides what a no does: here the agent is only told.
          approvals: approvals.map(({ pattern }) => ({
            pattern,
            onReject: 'recover' as const,
            timeoutBehavior: 'reject' as const,
          })),
        };
      });
      return {
        task: { value: { ...task, servers }, sealed },
        forget() {
          for (const name of names) values.delete(name);
        },
      };
    },
  };
}
