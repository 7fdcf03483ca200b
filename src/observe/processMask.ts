/** The secrets that this process knows of, wherever it has them from: its environment, and the stores that its runs read. Whatever shows or writes texts masks them with it. */
import { secretMask, type SecretMask } from './secretMask.ts';

/** One for the process: a value that one part has read must not be shown by another one. */
export const processMask: SecretMask = secretMask([]);
