/** The studies of a project, each followed from when it is first asked for. */

import { listStudies, studyFolder } from '../../lab/studies.ts';
import { closest, UserError } from '../../study/error.ts';
import { Follower } from './follow.ts';

/** Studies of a project, each followed from when it is first asked for. */
export class Studies {
  readonly project: string;
  readonly #followers = new Map<string, Follower>();

  constructor(project: string) {
    this.project = project;
  }

  names(): string[] {
    return listStudies(this.project);
  }

  of(name: string): Follower {
    const names = this.names();
    if (!names.includes(name)) {
      throw new UserError('no-study', `no study is called "${name}"${closest(name, names)}`, {
        fix: `there are: ${names.join(', ')}`,
      });
    }
    let follower = this.#followers.get(name);
    if (follower === undefined) this.#followers.set(name, (follower = new Follower(studyFolder(this.project, name))));
    return follower;
  }

  close(): void {
    for (const follower of this.#followers.values()) follower.close();
  }
}
