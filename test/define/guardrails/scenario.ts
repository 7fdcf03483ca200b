/** A guarded agent for crash tests and simulations: it performs a write, asks a person, and is stopped when its answer is forbidden. */
import { z } from 'zod';
import { agent, guarded, guardrails, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';

/** A clerk behind three guardrails: it sends a mail when a person agrees. With "secret" in `asked`, its answer is rejected. */
export function scenario(asked = 'Mail Ada.') {
  const sent = new Map<string, string>(); // The mail server recognises a mail by its key.
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
