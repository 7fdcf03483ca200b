import { agent, run } from 'troupe';

const writer = agent({ name: 'writer', model: 'anthropic:claude-sonnet-4-5' });
for await (const event of run.stream(writer, 'A haiku on tea', { key: 'tea-1' })) {
  if (event.type === 'text') process.stdout.write(event.text);
  if (event.type === 'done') console.log(event.output);
}
