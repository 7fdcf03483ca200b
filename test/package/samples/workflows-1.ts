import { run, workflow } from 'troupe';

const news = await workflow('examples/16-news/workflows/news.workflow.yaml');
console.log(await run(news, { topic: 'actor' }, { key: 'news-42' }));
