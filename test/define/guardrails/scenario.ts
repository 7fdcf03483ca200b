/** A guarded agent for the proofs of the kit: it writes, asks a person, and is stopped when it says what it must not. */
import { z } from 'zod';
import { agent, guarded, guardrails, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';

/** A clerk who mails when a person agrees, behind three guardrails; `asked` to say what is forbidden, it is stopped. */
export function scenario(asked = 'Mail Ada.') {
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
