/** A flow is killed at every point: it ends as if nothing had happened, and nothing that is recorded is performed again (E5). */
import { expect, test } from 'vitest';
import { crashEverywhere, expectSurvival } from 'troupe/testing';
import { dose } from '../dose.ts';
import { limits } from '../limits.ts';
import { story } from './story.ts';

test(
  'a flow with every kind of call has the same result after a crash at any point',
  async () => {
    const report = expectSurvival(
      await crashEverywhere(
        (clock) => {
          const { subject, world } = story(
            () => new Promise((done) => void clock.wake(clock.now() + 60_000, () => done())),
          );
          return { subject, input: null, answer: () => ({ ok: true }), world };
        },
        dose<{ sample?: number }>({ sample: 40 }, {}),
      ),
    );
    expect(report.points).toBeGreaterThan(15);
  },
  limits.long,
);
