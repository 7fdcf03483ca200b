import { agent, pipeline, roundRobin, run, until } from 'troupe';

const writer = agent({ name: 'writer', instructions: 'Write.', model: 'anthropic:claude-sonnet-4-5' });
const critic = agent({ name: 'critic', instructions: 'Say DONE when it is good.', model: 'anthropic:claude-sonnet-4-5' });

const table = roundRobin({ name: 'table', members: [writer, critic], until: until.textMentions('DONE').or(until.maxTurns(8)) });
const { text, by, reason, turns } = await run(table, 'A haiku on tea');
