/** How two runs differ: their outcome, and each of their calls. */
import type { CheckpointInfo, Execution } from '../contracts/client/execution.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { outputName } from './runArtifacts.ts';

/** Calls are compared by their invocation id; a result is another one when its content is. */
export function diffOf(one: Execution, other: Execution): JsonObject {
  const ids = [...new Set([...one.checkpoints, ...other.checkpoints].map((call) => call.invocation_id))];
  const calls = ids.map((id) => callDiff(id, one, other));
  return {
    exec_id: one.exec_id,
    other_exec_id: other.exec_id,
    flow_name: [one.flow_name, other.flow_name],
    status: [one.status, other.status],
    duration_ms: [durationOf(one), durationOf(other)],
    is_result_changed: JSON.stringify(one.result ?? null) !== JSON.stringify(other.result ?? null),
    is_same: one.status === other.status && calls.every(({ change }) => change === 'same'),
    calls,
  };
}

type CallDiff = JsonObject & { readonly change: 'same' | 'added' | 'removed' | 'changed' };

function callDiff(id: string, one: Execution, other: Execution): CallDiff {
  const [a, b] = [one, other].map((run) => run.checkpoints.find((call) => call.invocation_id === id));
  const [before, after] = [one, other].map((run) => hashOf(run, id));
  const change =
    a === undefined
      ? 'added'
      : b === undefined
        ? 'removed'
        : a.status !== b.status || before !== after
          ? 'changed'
          : 'same';
  return {
    invocation_id: id,
    change,
    status: [a?.status ?? null, b?.status ?? null],
    duration_ms: [durationOf(a), durationOf(b)],
    is_output_changed: a !== undefined && b !== undefined && before !== after,
    ...(b?.from === undefined ? {} : { from: b.from }),
  };
}

const hashOf = ({ artifacts }: Execution, id: string): string | undefined =>
  artifacts.find((one) => one.name === outputName && one.save_type === 'step_output' && one.producing_call === id)
    ?.hash;

const durationOf = (part: Pick<CheckpointInfo, 'started_at' | 'ended_at'> | undefined): Json =>
  part?.ended_at === undefined ? null : part.ended_at - part.started_at;
