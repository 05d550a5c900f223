export { Repository, type Code, type Edits } from './repository.ts';
export { checkChange, type Territory } from './policy.ts';
export { git, gitBytes, GitError } from './git.ts';
