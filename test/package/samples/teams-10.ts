import { agent, control, offlineModel, openRuntime, orchestrator, routers } from 'troupe';

const clerk = (name: string) => agent({ name, model: offlineModel(), instructions: 'Sum up what you are given.' });
const desk = orchestrator({ name: 'desk', members: [clerk('ada'), clerk('bob')], router: routers.roundRobin() });

const runtime = await openRuntime({ db: 'memory' });
try {
  const run = await runtime.start(desk, { tasks: [], standing: true });
  const { add, configure, close, monitor } = control(runtime, run);
  await configure({ limits: { maxConcurrentTasks: 4, maxTotalTasks: 30 }, retry: { condition: 'onTransient' } });
  await add('Actors speak in messages. Each has a mailbox.');
  await close();
  console.log(await run.outcome(), await monitor(), runtime.health());
} finally {
  await runtime.close();
}
