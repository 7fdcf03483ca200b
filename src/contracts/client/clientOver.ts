/** A TroupeClient over any path on which requests can be sent: each of its methods is an operation of the table, with its input as one JSON object. */
import type { TroupeClient } from './client.ts';
import type { LogEntry } from './execution.ts';
import type { InputOf, OutputOf, ValueOperationName } from './operations/operations.ts';

/** A path to a process that has the runs. */
export interface OperationPath extends AsyncDisposable {
  /** Asks for an operation that answers once. Rejects with the failure of the other side, and with what is wrong with the path. */
  ask<Name extends ValueOperationName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>>;
  /** Lines as they come, until the run has ended or the signal fires. */
  lines(input: InputOf<'executions.follow'>, signal: AbortSignal | undefined): AsyncIterable<LogEntry>;
  /** The bytes of an artifact. */
  bytes(input: InputOf<'artifacts.read'>): AsyncIterable<Uint8Array>;
}

/** Makes the client. Disposing it closes the path. */
export function clientOver(path: OperationPath): TroupeClient {
  const { ask } = path;
  return {
    executions: {
      start: (target, input, options) => ask('executions.start', { ...target, input, ...options }),
      get: (exec_id) => ask('executions.get', { exec_id }),
      list: (query = {}) => ask('executions.list', query),
      latest: (query = {}) => ask('executions.latest', query),
      logs: async (exec_id, query) => (await ask('executions.logs', { ...query, exec_id })).items,
      follow: (exec_id, query, signal) => path.lines({ ...query, exec_id }, signal),
      pendingWaits: async (exec_id) =>
        (await ask('executions.pendingWaits', exec_id === undefined ? {} : { exec_id })).items,
      input: (exec_id, answer) => ask('executions.input', { ...answer, exec_id }),
      abortWait: (exec_id, options) => ask('executions.abortWait', { ...options, exec_id }),
      signal: async (exec_id, name, value) => void (await ask('executions.signal', { exec_id, name, value })),
      retry: (exec_id) => ask('executions.retry', { exec_id }),
      resume: (exec_id) => ask('executions.resume', { exec_id }),
      pause: (exec_id) => ask('executions.pause', { exec_id }),
      plan: (exec_id, { key: _, ...options }) => ask('executions.plan', { ...options, exec_id }),
      replay: (exec_id, options) => ask('executions.replay', { ...options, exec_id }),
      cancel: (exec_id, options) => ask('executions.cancel', { ...options, exec_id }),
      diff: (exec_id, other) => ask('executions.diff', { exec_id, other }),
      prune: (options) => ask('executions.prune', options),
    },
    artifacts: {
      list: (exec_id, query) => ask('artifacts.list', { ...query, exec_id }),
      get: (artifact_id) => ask('artifacts.get', { artifact_id }),
      read: (artifact_id) => path.bytes({ artifact_id }),
    },
    deadLetters: {
      list: async (query = {}) => (await ask('deadLetters.list', query)).items,
      get: (letter_id) => ask('deadLetters.get', { letter_id }),
      redrive: (letter_id, options) => ask('deadLetters.redrive', { ...options, letter_id }),
      drop: (letter_id, options) => ask('deadLetters.drop', { ...options, letter_id }),
    },
    deployments: {
      list: (query = {}) => ask('deployments.list', query),
      get: (flow, which) => ask('deployments.get', { ...which, flow }),
      create: (file, options) => ask('deployments.create', { ...options, file }),
      invoke: (flow, input, which) => ask('deployments.invoke', { ...which, flow, input }),
      tag: (flow, version, tag, options) => ask('deployments.tag', { ...options, flow, version, tag }),
      untag: (flow, version, tag) => ask('deployments.untag', { flow, version, tag }),
      delete: async (flow, version) => void (await ask('deployments.delete', { flow, version })),
    },
    schedules: {
      list: async () => (await ask('schedules.list', {})).items,
      get: (name) => ask('schedules.get', { name }),
      create: (name, options) => ask('schedules.create', { ...options, name }),
      pause: (name) => ask('schedules.pause', { name }),
      resume: (name) => ask('schedules.resume', { name }),
      start: (name) => ask('schedules.start', { name }),
      delete: async (name) => void (await ask('schedules.delete', { name })),
    },
    secrets: {
      create: (name, values, options) => ask('secrets.create', { ...options, name, values }),
      list: (query = {}) => ask('secrets.list', query),
      delete: async (name) => void (await ask('secrets.delete', { name })),
    },
    auth: {
      create: (name, options) => ask('auth.create', { ...options, name }),
      list: async () => (await ask('auth.list', {})).items,
      rotate: (name, options) => ask('auth.rotate', { ...options, name }),
      delete: async (name) => void (await ask('auth.delete', { name })),
    },
    [Symbol.asyncDispose]: () => path[Symbol.asyncDispose](),
  };
}
