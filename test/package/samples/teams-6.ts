import { agent, offlineModel, orchestrator, routers, run, type TaskResult } from 'troupe';

const ada = agent({ name: 'ada', model: offlineModel(), instructions: 'Sum up what you are given.' });
const bob = agent({ name: 'bob', model: offlineModel(), instructions: 'Find what is wrong with it.' });
const desk = orchestrator({
  name: 'desk',
  members: [ada, { agent: bob, role: 'critic', capacity: 2 }],   // in this order
  router: routers.roundRobin(),
  mode: 'parallel:4',
  budget: { maxTotalSteps: 200, maxTotalTasks: 50 },
  retry: { maxRetries: 2, backoff: '1s', condition: 'onTransient' },
});
const answer = await run(desk, {
  tasks: ['Actors speak in messages.', { input: 'Each has a mailbox.', timeout: '2m', budgetSteps: 10 }],
});
const results = answer as TaskResult[]; // of one task, it is one TaskResult
for (const { taskId, agentId, success, output, error } of results) console.log(taskId, agentId, success ? output : error);
