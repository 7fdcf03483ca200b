/** A question whose time is up is no longer asked, and the exit codes say how its run ended. */
import { expect, test } from 'vitest';
import { openRuntime } from 'troupe';
import { memory } from '../../src/journal/memory/memory.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { answerWait, listWaits } from '../../src/cli/commands/waits.ts';
import { whyCommand } from '../../src/cli/commands/why.ts';
import { exitCodeOf, exitCodes } from '../../src/cli/exit.ts';
import { followRun } from '../../src/cli/follow.ts';
import { fakeCli } from './fakeCli.ts';
import secretary from './fixtures/mail.ts';

const hour = 3_600_000;

/** The commands of one process after the other, on one journal; the run asked, and its process is gone. */
async function asked(deadline?: number) {
  const [journal, clock] = [memory(), virtualClock()];
  const open = () => openRuntime({ journal, clock, env: {} });
  const cli = () => fakeCli({ clock, open, isInteractive: false, cwd: '/' });
  const first = await open();
  const run = await first.start(secretary, 'Mail Ada.', { key: 'k', ...(deadline === undefined ? {} : { deadline }) });
  const outcome = await run.outcome({ returnWhenWaiting: true });
  if (outcome.status !== 'waiting') throw new Error(`It does not wait: ${JSON.stringify(outcome)}`);
  await first.close();
  const resume = async () => {
    await using runtime = await open();
    const process = cli();
    const code = await followRun(process, runtime, { subject: secretary }, () => runtime.resume('k', secretary), {
      db: 'memory',
      quiet: true,
    } as never);
    return { code, text: process.outputText() + process.errorText() };
  };
  return { clock, cli, resume, ticket: outcome.tickets[0]!.id };
}
const options = { db: 'memory' };

test('an overdue question is not listed, an answer to it fails, and its run ends as was agreed for silence', async () => {
  const { clock, cli, resume, ticket } = await asked();
  clock.advance(13 * hour);
  const list = cli();
  await listWaits(list, options);
  expect(list.outputText() + list.errorText()).toBe('Nothing waits for a person.\n');
  const refused = await answerWait(cli(), ticket, { ...options, yes: true, by: 'ann' }).catch(
    (thrown: unknown) => thrown,
  );
  expect(refused).toMatchObject({
    kind: 'expired',
    message: expect.stringContaining('could be answered until') as string,
  });
  expect(exitCodeOf(refused)).toBe(exitCodes.failed);
  expect((await resume()).code).toBe(exitCodes.done);
});

test('a run whose deadline passed is failed when it is resumed, and does not wait', async () => {
  const { clock, cli, resume } = await asked(hour);
  clock.advance(2 * hour);
  expect(await resume()).toMatchObject({ code: exitCodes.failed, text: expect.stringContaining('expired') as string });
  const why = cli();
  await whyCommand(why, 'k', { ...options, json: true });
  const [root] = JSON.parse(why.outputText()) as { ended?: { how: string } }[];
  expect(root!.ended?.how).toBe('timed-out');
});
