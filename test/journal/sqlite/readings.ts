/** A journal with something in every table and index, and every question that can be asked of it. */
import { isDeepStrictEqual } from 'node:util';
import type { Envelope } from '../../../src/contracts/envelope.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { TroupeError } from '../../../src/values/failure.ts';
import { finishedList } from '../../../src/values/finishedList.ts';
import { commitFor, commitTime as now } from '../../../src/testing/suites/commit.ts';

const runs = ['r0', 'r1', 'r2'];
const results = finishedList(Array.from({ length: 200 }, (_, item) => ({ item, text: 'yes '.repeat(25) })));
const members = [0, 1, 2, 3];
const actorsOf = (run: string) => members.map((n) => (n === 0 ? `agent/${run}` : `agent/${run}.m${n}`));

const message = (id: string, over: Partial<Envelope> = {}): Envelope => ({
  id,
  type: 'pong',
  body: { id, said: 'yes '.repeat(5) },
  from: 'agent/r0',
  to: 'agent/r1',
  run: 'r0',
  kind: 'reply',
  ...over,
});

/** Fills an empty journal: active and ended runs, all sorts of what is pending, results, lists, dead letters, replies, mail, a large value and a long list that values share. */
export async function fill(journal: Journal): Promise<void> {
  for (const run of [...runs, 'old']) await journal.claim(run, `owner of ${run}`, { now, ttl: 1_000 });
  await journal.renewAll?.('owner of r1', now + 9_000);
  for (const run of runs) {
    for (const [n, actor] of actorsOf(run).entries()) {
      for (let seq = 1; seq <= 4; seq++) {
        const text = `${actor}:${seq}:`.repeat(8);
        const key = (index: number) => `${actor}/${seq}/${index}`;
        const reply = message(key(3), { from: actor, run, correlation: `${actor}-m${seq}` });
        await journal.commit(
          commitFor({
            run,
            actor,
            ...(n === 0 ? {} : { parent: actorsOf(run)[0]! }),
            seq,
            status: run === 'r2' && seq === 4 ? 'done' : 'active',
            snapshot: n === 1 && seq === 4 ? 'x'.repeat(300_000) : { text, ...(n === 2 ? { results } : {}) },
            event: { id: `${actor}-m${seq}`, type: 'go', from: 'person/p', body: { text }, inbox: true },
            appends: [{ list: 'said', entry: n === 2 ? { text, results } : text }],
            results:
              seq === 1
                ? []
                : [{ key: `${actor}/${seq - 1}/1`, name: 'read', input: { n }, outcome: { ok: true, output: text } }],
            opens: [
              { key: key(0), kind: 'timer', due: now + seq, data: { event: { type: 'tick', text } } },
              { key: key(1), kind: 'effect', data: { id: 'x', src: 's', input: text } },
              { key: key(3), kind: 'message', data: reply },
            ],
            closes: seq === 1 ? [] : [`${actor}/${seq - 1}/1`, `${actor}/${seq - 1}/0`],
          }),
        );
        if (seq % 2 === 0) journal.settle(run, [key(3)]);
      }
    }
    const failure = { kind: 'unknown_recipient', message: 'Nobody.', retryable: false } as const;
    await journal.bury(run, 1, {
      id: `${run}-lost`,
      type: 'x',
      from: 'a/b',
      to: 'agent/gone',
      body: 1,
      at: now,
      failure,
    });
    const recorded = {
      key: `agent/${run}/4/1`,
      name: 'write',
      input: { run },
      outcome: { ok: true, output: run },
    } as const;
    await journal.record(run, 1, `agent/${run}`, now + 9, recorded);
    for (let n = 0; n < 5; n++)
      await journal.post(message(`mail-${run}-${n}`, { run, to: `agent/${run}`, kind: 'signal' })).catch(() => {});
  }
}

type Questions = Readonly<Record<string, (journal: Journal) => Promise<unknown>>>;

/** Everything that can be asked of it, also what is not there. */
export const questions: Questions = Object.fromEntries<Questions[string]>([
  ...[...runs.flatMap(actorsOf), 'agent/nobody'].flatMap((actor): [string, Questions[string]][] => [
    [`load ${actor}`, async (journal) => journal.load(actor)],
    [`list ${actor}`, (journal) => journal.list(actor, 'said')],
    [`list ${actor} from 2`, (journal) => journal.list(actor, 'said', 2)],
    [`dead ${actor}`, (journal) => journal.list(actor, 'dead')],
    [`find ${actor}`, (journal) => journal.find({ actor })],
    [
      `history ${actor}`,
      (journal) => journal.history({ actor }).then((all) => all.map(({ position: _, ...one }) => one)),
    ],
    ...[1, 2, 3, 4, 5].map((seq): [string, Questions[string]] => [
      `handled ${actor} ${seq}`,
      (journal) => journal.handled(actor, `${actor}-m${seq}`),
    ]),
  ]),
  ...[...runs, 'none'].flatMap((run): [string, Questions[string]][] => [
    [`find in ${run}`, (journal) => journal.find({ run })],
    [`root of ${run}`, (journal) => journal.find({ run, parent: null, limit: 1 })],
    [`history of ${run}`, (journal) => journal.history({ run })],
    [`ledger of ${run}`, (journal) => journal.ledger(run)],
    [`undelivered of ${run}`, (journal) => journal.undelivered(run)],
    [`mail of ${run}`, (journal) => journal.mail(run)],
    [`claims of ${run}`, (journal) => journal.claims({ run })],
  ]),
  ['all roots', (journal) => journal.find({ parent: null })],
  ['newest 5', (journal) => journal.find({ limit: 5 })],
  ['by tag', (journal) => journal.find({ tag: 'thinking', status: 'active' })],
  ['by type', (journal) => journal.find({ type: 'agent', status: ['done', 'failed'] })],
  ['by time', (journal) => journal.find({ since: now + 2, until: now + 4 })],
  ['runs with mail', async (journal) => [...(await journal.mailed())].sort()],
  ['all claims', (journal) => journal.claims()],
  ['expired claims', (journal) => journal.claims({ expiredAt: now + 5_000 })],
]);

/** What is answered for damage. */
export const corrupt = 'corrupt';

/** The answer to each question; `corrupt` where the journal says that it is damaged, and the error where it says anything else. */
export async function readAll(journal: Journal): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  for (const [name, ask] of Object.entries(questions)) {
    try {
      answers[name] = (await ask(journal)) ?? null;
    } catch (thrown) {
      answers[name] = thrown instanceof TroupeError && thrown.kind === 'corrupt' ? corrupt : thrown;
    }
  }
  return answers;
}

/** The questions that are answered neither rightly nor with `corrupt`, and with what. */
export const wrongAnswers = (answers: Record<string, unknown>, truth: Record<string, unknown>): string[] =>
  Object.entries(answers).flatMap(([name, answer]) =>
    answer === corrupt || isDeepStrictEqual(answer, truth[name])
      ? []
      : [`${name}: ${answer instanceof Error ? String(answer) : JSON.stringify(answer).slice(0, 200)}`],
  );
