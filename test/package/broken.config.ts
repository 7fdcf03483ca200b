/** As the configuration of all tests, for the file of broken backends alone. */
import base from '../../vitest.config.ts';

export default { ...base, test: { ...base.test, include: ['test/package/broken.ts'], testTimeout: 2_000 } };
