/** A run of a flow as text: its calls with their attempts, its artifacts, and when each call was under way. */
import type { ArtifactInfo, CheckpointInfo, Execution } from '../../client/index.ts';
import { formatDuration } from '../../observe/format.ts';
import type { OutputStream } from '../cli.ts';
import { oneLine, writeTable } from './write.ts';

/** A table of the calls: how each stands, how often it was tried, how long it took, and why it failed. */
export function writeCalls(out: OutputStream, calls: readonly CheckpointInfo[]): void {
  out.write('\n');
  writeTable(
    out,
    ['CALL', 'KIND', 'STATUS', 'ATTEMPTS', 'DURATION', 'NOTE'],
    calls.map((call) => [
      call.invocation_id,
      call.checkpoint_type ?? call.kind,
      call.status,
      String(call.attempts.length || 1),
      call.ended_at === undefined ? '-' : formatDuration(call.ended_at - call.started_at),
      call.failure ? oneLine(call.failure.message) : call.from === undefined ? '' : `from ${call.from}`,
    ]),
  );
}

/** A table of artifacts. */
export function writeArtifacts(out: OutputStream, artifacts: readonly ArtifactInfo[]): void {
  writeTable(
    out,
    ['ARTIFACT', 'KIND', 'SIZE', 'TAGS', 'LOADED BY'],
    artifacts.map(({ artifact_id: id, kind, save_type: type, bytes, tags, loaded_by: loads }) => [
      id,
      kind ?? (type === 'step_output' ? 'result' : '-'),
      `${bytes} bytes`,
      tags.join(' '),
      loads.join(' '),
    ]),
  );
}

/** How many characters the bars have. */
const width = 40;

/** When each call was under way, as bars on one scale. `now`: milliseconds since the epoch. */
export function writeTimeline(out: OutputStream, run: Execution, now: number): void {
  const end = run.ended_at ?? now;
  const whole = Math.max(1, end - run.started_at);
  const place = (at: number) => Math.min(width, Math.max(0, Math.round(((at - run.started_at) / whole) * width)));
  const bar = ({ started_at: from, ended_at: to, status }: CheckpointInfo) => {
    const [begin, stop] = [Math.min(place(from), width - 1), place(to ?? end)];
    const mark = status === 'failed' ? 'x' : status === 'waiting' ? '.' : '=';
    return `${' '.repeat(begin)}${mark.repeat(Math.max(1, stop - begin))}`.padEnd(width);
  };
  writeTable(
    out,
    [
      'CALL',
      `0 ${'-'.repeat(width - 2 - formatDuration(whole).length - 1)} ${formatDuration(whole)}`,
      'AFTER',
      'DURATION',
      'STATUS',
    ],
    run.checkpoints.map((call) => [
      call.invocation_id,
      `${bar(call)}|`,
      formatDuration(call.started_at - run.started_at),
      formatDuration((call.ended_at ?? end) - call.started_at),
      call.status,
    ]),
  );
}
