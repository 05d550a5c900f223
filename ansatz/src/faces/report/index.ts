export { reportOf, type Report, type Surroundings } from './data.ts';
export { storyOf, type Story } from './story.ts';
export { htmlOf } from './html.ts';
export { markdownOf } from './markdown.ts';
