export { Repository, type Code, type Edits } from './repository.ts';
export { applyEdits, EditError, type Edit } from './edits.ts';
export { checkChange, type Territory } from './policy.ts';
export { git, gitBytes, GitError } from './git.ts';
