export { Repository, type Code, type Edits } from './repository.ts';
export { openSyntax, type Syntax } from './syntax.ts';
export { applyEdits, EditError, type Edit } from './edits.ts';
export { checkChange, keptFiles, type Territory } from './policy.ts';
export { confined, passedOn, refusalsIn, whyUnconfined, type Confinement } from './sandbox.ts';
export { secretsIn } from './secrets.ts';
export { fingerprintOf } from './print.ts';
export { hashOf, type Seal, type SealCheck, sealCheck, sealOf } from './seal.ts';
export { git, gitBytes, GitError } from './git.ts';
