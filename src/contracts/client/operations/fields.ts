/** Fields that several operations have, and the forms of their answers. */
import * as z from 'zod';
import { anyJson } from '../../../values/anyJson.ts';
import { ExecutionStatus } from '../execution.ts';

/** A text that says something. */
const text = () => z.string().min(1, 'this is empty');
/** A run. */
const execId = text().describe('The id of the run, as lists give it.');
/** Which definition. */
const flowName = text().describe('The exact name of the definition.');
/** How many. A list has a largest page of its own: more than that is that. */
const limit = z.int().min(1).exactOptional().describe('How many at most.');
/** Where a list goes on. */
const cursor = text().exactOptional().describe('`next` of the page before; leave it out for the first.');
/** Which runs. */
const runFilter = {
  flow: flowName.exactOptional(),
  // As people write it.
  status: z
    .preprocess((given) => (typeof given === 'string' ? given.trim().toLowerCase() : given), ExecutionStatus)
    .exactOptional()
    .describe('Only runs with this status.'),
};
/** The key of a new run. */
const runKey = text()
  .exactOptional()
  .describe(
    'The id of the new run. The same key and input again give the run that is there: safe to repeat after a lost answer.',
  );
/** Which wait. */
const waitName = text()
  .exactOptional()
  .describe('The name or the id of the wait; may be left out when exactly one is open.');
/** Who. */
const answeredBy = text().exactOptional().describe('Who decided, for the record.');
/** A version of a deployment. */
const version = z.int().min(1).describe('The version, from 1.');
/** A tag of a deployment. */
const tag = text().describe('The tag.');
/** Any JSON, described. */
const json = (says: string) => anyJson().describe(says);

/** A part of a list. */
const page = <Item>(item: z.ZodType<Item>) =>
  z.object({ items: z.array(item).readonly(), next: z.string().exactOptional() });
/** A whole list. */
const all = <Item>(item: z.ZodType<Item>) => z.object({ items: z.array(item).readonly() });
/** Nothing is to be told. */
const nothing = z.object({});

/** Fields by their names. Some are described otherwise where they mean more. */
export const operationFields = {
  text,
  execId,
  flowName,
  limit,
  cursor,
  runFilter,
  runKey,
  waitName,
  answeredBy,
  version,
  tag,
  json,
};

/** A part of a list, a whole list, and nothing. */
export const answers = { page, all, nothing };
