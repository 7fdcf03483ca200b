import { memory } from '../../src/journal/memory.ts';
import { journalSuite } from 'troupe/testing/suites';

journalSuite('memory', { open: async () => memory() });
