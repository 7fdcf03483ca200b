/** `troupe runs timeline`, `diff` and `signal`: when the calls of a run were under way, how two runs differ, and values that are sent to one. */
import type { Json } from '../../values/json.ts';
import { propertiesOf } from '../../values/properties.ts';
import { formatDuration } from '../../observe/format.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit.ts';
import { openClient } from '../openClient.ts';
import type { CommonOptions } from '../options.ts';
import { jsonOption } from '../jsonOption.ts';
import { writeTimeline } from '../output/executionText.ts';
import { sentText } from '../output/sentText.ts';
import { writeJson, writeMessage, writeTable } from '../output/write.ts';

/** Shows when each call was under way. */
export async function showTimeline(cli: Cli, run: string, options: CommonOptions): Promise<number> {
  await using opened = await openClient(cli, options);
  const execution = await opened.client.executions.get(run);
  if (options.json) writeJson(cli.out, execution.checkpoints);
  else if (execution.checkpoints.length === 0) writeMessage(cli, `${run} has made no calls yet.`);
  else writeTimeline(cli.out, execution, cli.clock.now());
  return exitCodes.done;
}

/** Shows how two runs differ. Resolves to exit code 0 also when they do. */
export async function diffRuns(cli: Cli, run: string, other: string, options: CommonOptions): Promise<number> {
  await using opened = await openClient(cli, options);
  const diff = await opened.client.executions.diff(run, other);
  if (options.json) {
    writeJson(cli.out, diff);
    return exitCodes.done;
  }
  const pairOf = (value: Json | undefined): [string, string] => {
    const [one, two] = Array.isArray(value) ? (value as readonly Json[]) : [];
    return [textOf(one), textOf(two)];
  };
  const calls = Array.isArray(diff['calls']) ? (diff['calls'] as readonly Json[]) : [];
  writeTable(
    cli.out,
    ['', run, other],
    [
      ['status', ...pairOf(diff['status'])],
      ['duration', ...durations(pairOf(diff['duration_ms']))],
      ['result', '', diff['is_result_changed'] === true ? 'another' : 'the same'],
    ],
  );
  cli.out.write('\n');
  writeTable(
    cli.out,
    ['CALL', 'CHANGE', run, other, 'DURATIONS'],
    calls.map((call) => {
      const { invocation_id: id, change, status, duration_ms: ms } = propertiesOf(call);
      // What `diffOf` writes.
      return [String(id), String(change), ...pairOf(status as Json), durations(pairOf(ms as Json)).join(' -> ')];
    }),
  );
  return exitCodes.done;
}

const textOf = (value: Json | undefined): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '-';
const durations = (pair: readonly [string, string]): [string, string] => {
  const [one, two] = pair.map((ms) => (ms === '-' ? ms : formatDuration(Number(ms))));
  return [one ?? '-', two ?? '-'];
};

/** Sends a value for `ctx.signal(name)`. */
export async function signalRun(
  cli: Cli,
  run: string,
  name: string,
  options: CommonOptions & { value: string },
): Promise<number> {
  const value = jsonOption('--value', options.value);
  await using opened = await openClient(cli, options);
  await opened.client.executions.signal(run, name, value);
  if (options.json) writeJson(cli.out, { run, signal: name });
  else writeMessage(cli, await sentText(opened.runtime, { ...options, run, sent: name }));
  return exitCodes.done;
}
