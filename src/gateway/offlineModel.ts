import { scriptedModel } from './scriptedModel.ts';
export const offlineModel = () => scriptedModel(() => ({ text: 'offline' }));
