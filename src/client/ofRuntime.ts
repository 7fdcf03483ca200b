/** The parts of a client over a runtime. */
export { artifactsClient } from './artifactsClient.ts';
export { deadLettersClient } from './deadLettersClient.ts';
export { executionsClient } from './executionsClient.ts';
