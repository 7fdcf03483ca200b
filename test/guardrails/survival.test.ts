/** A guarded agent when everything goes wrong: it ends as it would have undisturbed, its write is done once, and nothing gets past. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, guarded, guardrails, tool } from 'troupe';
import { crashEverywhere, everyFault, expectSurvival, scriptedModel, simulate } from 'troupe/testing';

const seeds = Number(process.env['TROUPE_SEEDS'] ?? 40);

/** A clerk who mails when a person agrees, behind three guardrails; `asked` to say what is forbidden, it is stopped. */
function scenario(asked = 'Mail Ada.') {
  const sent = new Map<string, string>(); // The world knows a mail by its key.
  const mail = tool({
    name: 'mail',
    description: 'Sends.',
    effect: 'write',
    idempotent: true,
    input: z.object({ to: z.string() }),
    output: z.string(),
    run: ({ to }, { key }) => (sent.set(key, to), 'sent'),
  });
  const model = scriptedModel(({ messages }) => {
    if (JSON.stringify(messages).includes('secret')) return { text: 'The secret is 42.' };
    return messages.length === 1 ? { calls: [{ name: 'mail', input: { to: 'ada' } }] } : { text: 'Ada has her mail.' };
  });
  const clerk = agent({ name: 'clerk', tools: [mail], model });
  return {
    subject: guarded(clerk, [
      guardrails.timeout({ max: '47h' }),
      guardrails.output(['secret is'], { stream: false }),
      guardrails.tool({ writes: 'ask' }),
    ]),
    input: asked,
    answer: () => ({ approved: true }),
    world: () => [...sent.values()],
  };
}

test.each(['Mail Ada.', 'Tell me the secret.'])(
  'wherever the process dies, "%s" ends as it would have',
  async (asked) => {
    const report = await crashEverywhere(() => scenario(asked));
    expect(report.points).toBeGreaterThan(20);
    expectSurvival(report);
  },
  120_000,
);

test(
  'whatever goes wrong, the work is answered once and what is rejected stays rejected',
  async () => {
    const mailed = await simulate(() => scenario(), { seeds });
    expect(mailed.failures).toEqual([]);
    expect(Object.keys(mailed.faults).length).toBeGreaterThan(everyFault.length / 2);
    const told = await simulate(
      () => ({
        ...scenario('Tell me the secret.'),
        invariants: {
          'a forbidden answer is never let out': ({ root }: { root?: { snapshot: unknown } | undefined }) => {
            const { output } = (root!.snapshot as { state: { output?: { status: string } } }).state;
            return output?.status === 'completed' ? 'it was let out' : undefined;
          },
        },
      }),
      { seeds: Math.ceil(seeds / 2) },
    );
    expect(told.failures).toEqual([]);
  },
  seeds * 2_000 + 60_000,
);
