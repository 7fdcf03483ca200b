/** The configuration of all tests, for the file of broken backends only, with a short time limit, because each broken backend makes a test wait. */
import { base } from '../../vitest.config.ts';
import { slow } from '../limits.ts';

export default { ...base, test: { ...base.test, include: ['test/package/broken.ts'], testTimeout: 2_000 * slow } };
