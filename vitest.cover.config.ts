import { defineConfig, mergeConfig } from 'vitest/config';
import everything from './vitest.config.ts';

// Our own machines, with somebody watching: `npm run cover`. Users write setupFiles: ['troupe/testing/cover'].
// Some answers of guards are met by many random schedules only: it takes the whole dose. Variants of a chart are left to the laws and the paths.
const watched = {
  isolate: true,
  setupFiles: ['./src/testing/cover/setup.ts'],
  env: { TROUPE_DOSE: 'full', TROUPE_COVER_BASE: '1' },
};
export default mergeConfig(everything, defineConfig({ test: watched }));
