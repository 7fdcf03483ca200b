import { agent, flow, offlineModel, run } from 'troupe';

const reader = agent({ name: 'reader', instructions: 'Say what it is about.', model: offlineModel() });
const digest = flow('digest', { uses: [reader] }, async (ctx) => {
  const texts = ['Tea is hot.', 'Ice is cold.'];
  return Promise.all(texts.map((text) => ctx.run(reader, `Sum up: ${text}`)));
});
console.log(await run(digest, null));
