/** `ansatz digest`: what happened since yesterday, for somebody who looks once a day. */

import { parseDuration } from '../../io/config/index.ts';
import { chooseStudy, readStudy } from '../../lab/studies.ts';
import { digestOf } from '../../study/digest.ts';
import { closest, UserError } from '../../study/error.ts';
import { digestMail, digestMarkdown, digestRss } from '../report/digest.ts';
import { redact } from '../report/redact.ts';

const FORMS = { md: digestMarkdown, mail: digestMail, rss: digestRss } as const;

/** Print the digest. */
export function digest(options: {
  readonly study?: string;
  readonly since?: string;
  readonly as?: string;
  readonly json?: boolean;
}): void {
  const form = options.as ?? 'md';
  if (!Object.hasOwn(FORMS, form)) {
    throw new UserError('bad-option', `--as does not know "${form}"${closest(form, Object.keys(FORMS))}`, {
      fix: '--as md|mail|rss',
    });
  }
  const folder = chooseStudy(process.cwd(), options.study);
  const { state } = readStudy(folder);
  const whole = digestOf(state, state.now - 1000 * parseDuration(options.since ?? '24h', '--since'));
  // It leaves the machine: what looks like a secret does not.
  const made = JSON.parse(redact(JSON.stringify(whole), state.config.folder)) as typeof whole;
  if (options.json === true) process.stdout.write(`${JSON.stringify(made)}\n`);
  else process.stdout.write(FORMS[form as keyof typeof FORMS](made));
}
