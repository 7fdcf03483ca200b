/** Lists of subjects that a server gives in pages, while subjects come and go. */
import { expect, test } from 'vitest';
import { subjectsOf } from '../../../../src/journal/shared/jetstream/subjectList.ts';
import { seededRandom } from '../../../chaos/random.ts';

/** Answers as nats-server does: it sorts the subjects that there are now, skips `offset` of them, and returns a page of the others. */
function serverWith(subjects: Set<string>, pageSize: number, beforePage: (offset: number) => void = () => {}) {
  return {
    pages: 0,
    async ask<T>(_name: string, body?: object): Promise<T> {
      this.pages++;
      const { offset } = body as { offset: number };
      beforePage(offset);
      const page = [...subjects].sort().slice(offset, offset + pageSize);
      const answer = { total: subjects.size, state: { subjects: Object.fromEntries(page.map((each) => [each, 1])) } };
      // This double answers the only request that there is.
      return answer as T;
    },
  };
}

const named = (count: number) => Array.from({ length: count }, (_, n) => `s.${String(n).padStart(4, '0')}`);
const listed = async (server: ReturnType<typeof serverWith>) =>
  [...(await subjectsOf(server, 'x', 's.>')).keys()].sort();

test.each([0, 1, 9, 10, 11, 19, 20, 95])('%i subjects are listed, whatever the size of a page is', async (count) => {
  const server = serverWith(new Set(named(count)), 10);
  expect(await listed(server)).toEqual(named(count));
  expect(server.pages).toBeLessThanOrEqual(Math.ceil(count / 5) + 1);
});

test('what is there all the time is listed, although subjects of a page that was read go meanwhile', async () => {
  const subjects = new Set(named(30));
  const server = serverWith(subjects, 10, (offset) => {
    if (offset > 0) for (const each of named(5)) subjects.delete(each);
  });
  expect(await listed(server)).toEqual(expect.arrayContaining(named(30).slice(5)));
});

test('the same when the last subject of a page is one of those that go, and when all of them go', async () => {
  const subjects = new Set(named(30));
  const server = serverWith(subjects, 10, (offset) => {
    if (offset > 0) for (const each of named(10)) subjects.delete(each);
  });
  expect(await listed(server)).toEqual(expect.arrayContaining(named(30).slice(10)));
  const emptied = new Set(named(30));
  await subjectsOf(
    serverWith(emptied, 10, (offset) => {
      if (offset > 0) emptied.clear();
    }),
    'x',
    's.>',
  );
});

test('whatever comes and goes at random, what stays is listed', async () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = seededRandom(seed);
    const stays = named(60).filter(() => random() < 0.5);
    const subjects = new Set([...stays, ...named(60).filter(() => random() < 0.5)]);
    const server = serverWith(subjects, 10 + Math.floor(random() * 12), () => {
      for (const each of named(60))
        if (!stays.includes(each) && random() < 0.1 && !subjects.delete(each)) subjects.add(each);
    });
    expect(await listed(server), `seed ${seed}`).toEqual(expect.arrayContaining(stays));
  }
});

test('a server that counts subjects and gives none is not asked without end', async () => {
  let pages = 0;
  const server = {
    async ask<T>(): Promise<T> {
      if (++pages > 10) throw new Error('It is asked without end.');
      const answer = { total: 3, state: {} };
      // This double answers the only request that there is.
      return answer as T;
    },
  };
  expect(await subjectsOf(server, 'x', 's.>')).toEqual(new Map());
});
