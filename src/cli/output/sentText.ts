/** What is said of something that a run was told: whether a process takes it now, or how it takes effect. */
import { isHeld } from '../../runtime/standing.ts';
import { journalOption, type JournalOptions } from './shellWord.ts';
import type { Runtime } from '../../runtime/runtime.ts';

/** A run, and the journal that the command was given. */
interface ToldRun extends JournalOptions {
  readonly run: string;
}

type Reader = Pick<Runtime, 'journal' | 'now'>;

/** Of a command or a signal, for people. Reads whether a process has the run. */
export async function sentText(
  runtime: Reader,
  { sent, ...told }: ToldRun & { readonly sent: string },
): Promise<string> {
  const says = `"${sent}" was sent to the run ${told.run}.`;
  if (await hasProcess(runtime, told)) return `${says} The process that runs it receives it at once.`;
  return sent === 'pause'
    ? `${says} No process has it, and one that takes it over begins nothing. Go on with: ${resume(told)}`
    : `${says} No process has it: it takes effect with: ${resume(told)}`;
}

/** Of an answer, for people. Reads whether a process has the run. */
export const goesOnText = async (runtime: Reader, told: ToldRun): Promise<string> =>
  (await hasProcess(runtime, told))
    ? 'The process that has the run goes on with it.'
    : `No process has the run. Go on with: ${resume(told)}`;

async function hasProcess({ journal, now }: Reader, { run }: ToldRun): Promise<boolean> {
  const [lease] = await journal.claims({ run });
  return lease !== undefined && isHeld(lease, now());
}

const resume = (told: ToldRun): string => `troupe runs resume ${told.run}${journalOption(told)}`;
