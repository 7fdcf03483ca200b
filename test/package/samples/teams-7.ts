import { agent, guarded, guardrails, run, TroupeError } from 'troupe';
import { scriptedModel } from 'troupe/testing';

const clerk = agent({ name: 'clerk', model: scriptedModel(() => ({ text: 'The card is 4111111111111111.' })) });

const safe = guarded(clerk, [
  guardrails.timeout({ max: '2m' }),
  guardrails.budget({ steps: 8, usd: 0.2 }),
  guardrails.input([/ignore (all|your) instructions/i]),
  guardrails.output([/\b\d{16}\b/], { trip: 'person' }), // while the model is still speaking
  guardrails.tool({ deny: ['shell'], writes: 'ask' }),
  guardrails.guardrail({ name: 'short', post: ({ text }) => text.length < 500 || 'it is too long' }),
]);

await run(safe, 'Which card?', { db: 'memory' }).catch((error: TroupeError) => {
  console.log(error.kind, error.data); // denied { refusedBy: 'output', stage: 'stream', reason: '…' }
});
