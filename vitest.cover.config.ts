import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

// Our own machines, with somebody watching: `npm run cover`. Users write setupFiles: ['troupe/testing/cover'].
export default mergeConfig(base, defineConfig({ test: { setupFiles: ['./src/testing/cover/setup.ts'] } }));
