/** JSON as zod types it. */
import type { AgentInput } from '../src/contracts/agent.ts';
import type { Json } from '../src/values/json.ts';

/** JSON as zod types it: the same values, with arrays and objects that may be written to. */
export type ZodJson = AgentInput['body'];

/** The value as zod types JSON. Nothing here writes to it. */
export const asZodJson = (value: Json): ZodJson => value as ZodJson;
