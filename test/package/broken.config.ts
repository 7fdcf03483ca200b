/** As the configuration of all tests, for the file of broken backends alone. What a broken one never does is given up soon: each of them waits for that. */
import { base } from '../../vitest.config.ts';
import { slow } from '../limits.ts';

export default { ...base, test: { ...base.test, include: ['test/package/broken.ts'], testTimeout: 2_000 * slow } };
