/** The steps of a workflow that have ended, as `troupe runs get` shows them. */
import { usedMetrics } from '../../contracts/workflow/metrics.ts';
import { StepRecord } from '../../contracts/workflow/step.ts';
import type { Journal } from '../../journal/journal.ts';
import { formatDuration } from '../../observe/format.ts';
import type { OutputStream } from '../cli.ts';
import { oneLine, writeTable } from './write.ts';

/** The records of a workflow, by the address of its actor; the latest one of a step that was done again. */
export async function stepRecords(journal: Pick<Journal, 'list'>, actor: string): Promise<readonly StepRecord[]> {
  const records = (await journal.list(actor, 'records')).map((entry) => StepRecord.parse(entry));
  return [...new Map(records.map((record) => [record.id, record])).values()];
}

/** A table of them: how each ended, what it took, and why it was skipped or failed. */
export function writeSteps(out: OutputStream, records: readonly StepRecord[]): void {
  out.write('\n');
  writeTable(
    out,
    ['STEP', 'STATUS', 'DURATION', 'TOKENS', 'REASON'],
    records.map(({ id, end, started_at: from, ended_at: to }) => {
      const { tokens_in, tokens_out } = usedMetrics(end);
      const reason =
        end.status === 'skipped' ? end.reason : end.status === 'failed' ? oneLine(end.failure.message) : '';
      return [id, end.status, formatDuration(to - from), String(tokens_in + tokens_out), reason];
    }),
  );
}
