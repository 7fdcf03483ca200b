import { pruneMessages, retryPauses, timeoutPolicy, withRetry, withTimeLimit } from 'troupe';

console.log(retryPauses({ attempts: 4 })); // [200, 400, 800]: the bounds of the pauses, up to 10 seconds
const page = await withRetry(() => withTimeLimit((signal) => fetch('http://127.0.0.1:1/', { signal }), timeoutPolicy.tool), {
  attempts: 2,
}).catch((error: Error) => error.name);
console.log(page, pruneMessages([{ role: 'user', text: 'Hello.' }], { maxTokens: 8_192, reserve: 1_024, minMessages: 2 }));
