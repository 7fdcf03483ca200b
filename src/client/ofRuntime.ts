/** The parts of a client over a runtime. */
export { artifactsClient } from './artifactsClient.ts';
export { executionsClient } from './executionsClient.ts';
