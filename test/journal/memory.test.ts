import { memory } from '../../src/journal/memory.ts';
import { describeJournal } from '../contracts/journal.ts';

describeJournal('memory', { open: async () => memory() });
