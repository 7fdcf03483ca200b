import { agent, openRuntime } from 'troupe';

const writer = agent({ name: 'writer', model: 'anthropic:claude-sonnet-4-5', onInput: 'interrupt' });
const runtime = await openRuntime();
try {
  const run = await runtime.start(writer, 'Write about whales.');
  await runtime.signal(run.root, { type: 'agent.input', text: 'Shorter, please.' });
  console.log(await run.outcome());
} finally {
  await runtime.close();
}
