/** What is said of a command that was sent to a run: whether a process takes it now, or how it takes effect. */
import { isHeld } from '../../runtime/standing.ts';
import type { Runtime } from '../../runtime/runtime.ts';

/** What was sent, to which run, and the journal that the command was given. */
export interface SentTo {
  readonly run: string;
  readonly sent: string;
  readonly db?: string | undefined;
}

/** For people. Reads whether a process has the run. */
export async function sentText(runtime: Pick<Runtime, 'journal' | 'now'>, { run, sent, db }: SentTo): Promise<string> {
  const [lease] = await runtime.journal.claims({ run });
  if (lease !== undefined && isHeld(lease, runtime.now()))
    return `"${sent}" was sent to the run ${run}. The process that runs it receives it at once.`;
  const resume = `troupe runs resume ${run}${db === undefined ? '' : ` --db ${db}`}`;
  if (sent === 'pause')
    return `"pause" was sent to the run ${run}. No process has it, and one that takes it over begins nothing. Go on with: ${resume}`;
  return `"${sent}" was sent to the run ${run}. No process has it: it takes effect with: ${resume}`;
}
