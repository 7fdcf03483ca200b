/** Everything that can be done with a TroupeClient, by its name `<group>.<method>`. A method of the client without an entry here fails the test of this table. */
import type * as z from 'zod';
import { artifactOperations } from './artifacts.ts';
import { authOperations } from './auth.ts';
import { deadLetterOperations } from './deadLetters.ts';
import { deploymentOperations } from './deployments.ts';
import { executionOperations } from './executions.ts';
import { scheduleOperations } from './schedules.ts';
import { secretOperations } from './secrets.ts';
import { waitOperations } from './waits.ts';

/** All operations. */
export const operations = {
  ...executionOperations,
  ...waitOperations,
  ...artifactOperations,
  ...deadLetterOperations,
  ...deploymentOperations,
  ...scheduleOperations,
  ...secretOperations,
  ...authOperations,
};

/** The name of an operation. */
export type OperationName = keyof typeof operations;

/** The name of an operation that answers once. */
export type ValueOperationName = {
  [Name in OperationName]: (typeof operations)[Name] extends { readonly kind: 'value' } ? Name : never;
}[OperationName];

/** What an operation is given, as JSON. */
export type InputOf<Name extends OperationName> = z.input<(typeof operations)[Name]['input']>;

/** What an operation that answers once answers. */
export type OutputOf<Name extends ValueOperationName> = z.output<(typeof operations)[Name]['output']>;
