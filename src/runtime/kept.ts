/** What a retry of a failed run keeps, by the machines that the runtime knows: which ends are successes, and which inputs are the same step. */
import { isJsonObject, type Json, type JsonObject } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';
import type { RecallPolicy } from '../engine/recall.ts';
import type { ActorRow } from '../journal/journal.ts';
import { outcomeOf } from './outcome.ts';

const outputOf = ({ snapshot }: ActorRow) => propertiesOf(propertiesOf(propertiesOf(snapshot)['state'])['output']);
const machineOf = ({ snapshot }: ActorRow) => propertiesOf(snapshot)['machine'];

/** Did a task of an orchestration fail? Then it ended, and did not succeed. */
export const hasFailedTask = (row: ActorRow): boolean => {
  const { results } = outputOf(row);
  return (
    machineOf(row) === 'router' &&
    Array.isArray(results) &&
    results.some((one) => propertiesOf(one)['success'] === false)
  );
};

const only = (input: JsonObject, ...names: string[]): JsonObject =>
  Object.fromEntries(names.flatMap((name) => (input[name] === undefined ? [] : [[name, input[name]]])));

/** What is attached, by its content: a retry may hold it elsewhere. */
const attached = ({ parts }: JsonObject): JsonObject =>
  Array.isArray(parts) ? { parts: parts.map((part: Json) => propertiesOf(part)['artifact'] ?? null) as Json } : {};

/** Given to the host of a runtime. */
export const keptSteps: RecallPolicy = {
  endOf(row) {
    if (row.status !== 'done') return 'failed';
    switch (machineOf(row)) {
      case 'wait':
        return outputOf(row)['status'] === 'answered' ? 'succeeded' : 'failed';
      case 'toolCall':
        return outputOf(row)['ok'] === true ? 'succeeded' : 'answered';
      case 'agentStep':
      case 'remoteAgentStep':
      case 'fanOut':
        return outputOf(row)['status'] === 'failed' ? 'failed' : 'succeeded';
      case 'machineWork':
      case 'pool':
        return outputOf(row)['status'] === 'completed' ? 'succeeded' : 'failed';
      default:
        return outcomeOf(row)?.status === 'done' && !hasFailedTask(row) ? 'succeeded' : 'failed';
    }
  },
  stepOf(machine, input) {
    if (!isJsonObject(input)) return input;
    switch (machine) {
      case 'wait':
        return only(input, 'question', 'subject', 'schema', 'attempt');
      case 'toolCall':
        return isJsonObject(input['call']) ? only(input['call'], 'id', 'name', 'input') : input;
      case 'agent':
      case 'run':
      case 'router':
      case 'machineWork':
      case 'pool':
        return 'type' in input ? { ...only(input, 'type', 'body'), ...attached(input) } : input;
      default:
        return input;
    }
  },
};
