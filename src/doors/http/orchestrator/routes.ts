/** The HTTP contract of the orchestrator: all its routes. */
import type { Clock } from '../../../values/clock.ts';
import { systemClock } from '../../../engine/clock.ts';
import { aggregatedHealth } from '../health.ts';
import type { HttpRoute } from '../base/route.ts';
import { approvalRoutes } from './approvals.ts';
import { invokeRoutes } from './invoke.ts';
import { runRoutes } from './runs.ts';
import type { OrchestratorService } from './service.ts';
import { stepRoutes } from './steps.ts';
import { waitRoutes } from './waits.ts';

/** The routes of the orchestrator. The clock limits waits and probes; it is the system's by default. */
export const orchestratorRoutes = (
  service: OrchestratorService,
  clock: Clock = systemClock(),
): readonly HttpRoute[] => [
  aggregatedHealth(service, clock),
  ...invokeRoutes(service, clock),
  ...runRoutes(service),
  ...stepRoutes(service),
  ...approvalRoutes(service),
  ...waitRoutes(service),
];
