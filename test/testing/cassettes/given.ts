/** A desk with a writer and a mailer, run for real once, so that there is something to play again. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { agent, protocol, team, type Model, type Subject } from 'troupe';
import { cassetteText, exportRun, scriptedModel, scriptedTool, testRuntime, type TestRuntime } from 'troupe/testing';

export const Desk = protocol({
  brief: { body: z.object({ topic: z.string() }), replies: ['draft'] },
  draft: { body: z.object({ text: z.string() }), replies: ['sent'] },
  sent: { body: z.object({ to: z.string() }) },
});

/** A model that must not be asked: a replay is offline. */
export const nobody: Model = {
  id: 'test:nobody',
  stream: () => {
    throw new Error('The world was asked.');
  },
};

export interface DeskOptions {
  readonly model?: Model;
  /** What the world does: the test counts. */
  readonly asked?: string[];
  /** How the machines differ from those that were recorded. */
  readonly change?: 'topic' | 'no approval' | 'straight on';
}

export function desk({ model, asked = [], change }: DeskOptions = {}) {
  const look = scriptedTool({ name: 'look' }, ({ input }) => {
    asked.push(`look ${JSON.stringify(input)}`);
    return { output: 'Actors send messages.', takes: (input as { n?: number }).n === 1 ? '3s' : '1s' };
  });
  const mail = scriptedTool(
    { name: 'mail', effect: 'write', idempotent: true, approval: change !== 'no approval' },
    () => (asked.push('mail'), { output: 'mailed' }),
  );
  const writer = agent({
    name: 'writer',
    protocol: Desk,
    handles: ['brief'],
    tools: [look],
    model:
      model ??
      scriptedModel(({ messages }) => {
        asked.push('model');
        return messages.length === 1
          ? { calls: [1, 2].map((n) => ({ name: 'look', input: { n } })) }
          : { calls: [{ name: 'answer_draft', input: { text: 'About actors.' } }] };
      }),
  });
  const mailer = agent({
    name: 'mailer',
    protocol: Desk,
    handles: ['draft'],
    tools: [mail],
    model:
      model ??
      scriptedModel(({ messages }) => {
        asked.push('model');
        return messages.length === 1
          ? { calls: [{ name: 'mail', input: { to: 'ada' } }] }
          : { calls: [{ name: 'answer_sent', input: { to: 'ada' } }] };
      }),
  });
  return team({
    name: 'desk',
    protocol: Desk,
    members: { writer, mailer },
    accepts: 'brief',
    returns: 'sent',
    route: {
      brief: ({ body }, { to, finish }) =>
        change === 'straight on'
          ? finish({ to: 'nobody' })
          : to('writer', 'brief', change === 'topic' ? { topic: 'machines' } : body),
      draft: ({ body }, { to }) => to('mailer', 'draft', body),
      sent: ({ body }, { finish }) => finish(body),
    },
  });
}

/** The desk's run, with a person who thinks about it for two hours. */
export async function recorded(asked: string[] = [], until: 'its end' | 'the question' = 'its end') {
  await using runtime = await testRuntime();
  const run = await runtime.start(desk({ asked }), { topic: 'actors' }, { key: 'job-42' });
  await runtime.advance('10s');
  if (until === 'its end') await approve(runtime);
  return { cassette: await exportRun(runtime.journal, run.id, { env: {} }), runtime };
}

export async function approve(runtime: TestRuntime): Promise<void> {
  await runtime.advance('2h');
  const [ticket] = await runtime.tickets();
  await runtime.answer(ticket!.id, { approved: true }, 'person/grace');
  await runtime.settle();
}

/** A folder that is gone afterwards. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'troupe-tape-'));
  return {
    path,
    file(name: string, text: string) {
      writeFileSync(join(path, name), text);
      return join(path, name);
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** The run of any subject, written to a file. */
export async function tape(
  place: ReturnType<typeof folder>,
  subject: Subject,
  input: unknown,
  live: (runtime: TestRuntime, root: string) => Promise<void>,
) {
  await using runtime = await testRuntime();
  const run = await runtime.start(subject, input, { key: 'job-42' });
  await runtime.settle();
  await live(runtime, run.root);
  return place.file('x.json', cassetteText(await exportRun(runtime.journal, run.id, { env: {} })));
}
