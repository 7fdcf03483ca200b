/** An orchestrator: tasks go to members by a router; a member that keeps failing is taken out of rotation, and the others get its tasks. Every task has one result. */
import assert from 'node:assert/strict';
import { agent, orchestrator, routers, run } from 'troupe';
import { scriptedModel } from 'troupe/testing';

const worker = (
  name: string,
  model = scriptedModel(({ messages }) => ({ text: `${name}: ${messages.length} read` })),
) => agent({ name, model });

/** A member whose provider cannot be reached. */
const broken = worker(
  'eve',
  scriptedModel(() => ({ error: { kind: 'transient', message: 'The provider is overloaded.' } })),
);
// An agent retries by itself first; here that would only take time.
const eve = agent({ name: 'eve', model: broken.definition('task').model, limits: { maxRetries: 0, maxFallbacks: 0 } });

const desk = orchestrator({
  name: 'desk',
  members: [worker('ada'), eve, { agent: worker('bob'), role: 'critic', capacity: 1 }],
  router: routers.roundRobin(),
  mode: 'parallel:3',
  budget: { maxTotalSteps: 100, maxTotalTasks: 20 },
  retry: { maxRetries: 2, backoff: '10ms', condition: 'onTransient' },
  rotation: { maxFailures: 2, rest: 'never' },
});

const results = await run(
  desk,
  { tasks: Array.from({ length: 9 }, (_, n) => `Read page ${n + 1}.`) },
  { db: 'memory' },
);
for (const { taskId, agentId, output, metadata } of results)
  console.log(taskId, agentId, JSON.stringify(output), metadata.attempts > 1 ? `(attempt ${metadata.attempts})` : '');

assert.equal(results.length, 9);
assert.ok(results.every(({ success, agentId }) => success && agentId !== 'eve'));
assert.ok(results.some(({ metadata }) => metadata.retryApplied));

// A task for a role that no member has is refused at once; the refusal lists the candidates.
const critics = orchestrator({
  name: 'critics',
  members: [{ agent: worker('ada'), role: 'writer' }],
  router: routers.role(),
});
const [refused] = await run(
  critics,
  { tasks: [{ input: 'Judge it.', metadata: { role: 'critic' } }] },
  { db: 'memory' },
);
assert.equal(refused!.success, false);
console.log(refused!.error);
