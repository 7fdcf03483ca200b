/** A server that is killed while a process commits: what was acknowledged is there, and nothing is there twice. */
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/engine/clock.ts';
import { shared } from '../../../../src/journal/shared/shared.ts';
import { commitFor } from '../../../../src/testing/suites/commit.ts';
import { newTenant, placeOfFile } from './place.ts';

const place = placeOfFile();
const claimOptions = { now: Date.now(), ttl: 60_000 };

test('when the server is killed in the middle of many commits, each is stored once when it is back', async () => {
  const tenant = newTenant();
  const journal = shared({ store: await place.open(tenant), clock: systemClock() });
  await journal.claim('r', 'me', claimOptions);
  const commits = Array.from({ length: 300 }, (_, n) =>
    commitFor({ actor: 'agent/r', seq: n + 1, appends: [{ list: 'said', entry: n + 1 }] }),
  );
  const written = (async () => {
    for (const commit of commits) {
      // As the engine does: what is not known to be stored is asked for again.
      while (
        !(await journal.commit(commit).then(
          () => true,
          (thrown: { kind: string }) => {
            if (thrown.kind !== 'storage') throw thrown;
            return false;
          },
        ))
      );
      if (commit.seq === 100) void place.server.kill('SIGKILL').then(() => place.server.restart());
    }
  })();
  await written;
  const other = shared({ store: await place.open(tenant), clock: systemClock() });
  expect(await other.list('agent/r', 'said')).toEqual(commits.map(({ seq }) => seq));
  for (const each of [journal, other]) await each[Symbol.asyncDispose]();
});
