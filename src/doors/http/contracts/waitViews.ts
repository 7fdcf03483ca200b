/** Questions of `wait` steps over HTTP, and their answers. Ours: the contract has none. */
import * as z from 'zod';
import { named } from '../base/openapi.ts';
import { someJson, someObject, timestamp } from './json.ts';

/** A question that waits for a person. */
export const WaitView = named(
  'Wait',
  z.object({
    run_id: z.string(),
    /** With `.N` for an item. */
    step_id: z.string(),
    question: z.string(),
    /** JSON Schema that the answer must fit. */
    schema: someObject(),
    /** Taken when nobody answers; absent when the step fails then. */
    default: someJson().optional(),
    created_at: timestamp,
    expires_at: timestamp,
  }),
);
export type WaitView = z.infer<typeof WaitView>;

/** All questions that wait. */
export const WaitList = z.array(WaitView);

/** An answer to a question. */
export const WaitAnswerBody = named(
  'Answer',
  z.looseObject({
    answer: someJson(),
    /** Who answers, for those who ask later; `a person over HTTP` by default. */
    by: z.string().trim().min(1).max(200).optional(),
  }),
);
