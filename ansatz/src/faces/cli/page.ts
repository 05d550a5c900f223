/** `ansatz run --ui`: the dashboard beside a lab, in a process of its own: drawing pages must not hold up a lab, nor end one. */

import { type ChildProcess, spawn } from 'node:child_process';

/** Serve until the returned process is ended; `say` gets the link, or why there is none. */
export function openPage(study: string, say: (text: string) => void): ChildProcess {
  const child = spawn(process.execPath, [process.argv[1]!, 'ui', '--json', '--study', study], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C in the terminal is a word to the lab; what it means for the page the lab decides.
    detached: true,
  });
  let failed = '';
  child.stderr.on('data', (part: Buffer) => (failed = (failed + part.toString()).slice(-2000)));
  child.stdout.once('data', (part: Buffer) => {
    const { link } = JSON.parse(part.toString()) as { link: string };
    say(`dashboard: ${link}`);
  });
  child.once('exit', (code) => {
    if (code !== null && code !== 0) say(`no dashboard: ${failed.trim()}`);
  });
  child.once('error', (error) => say(`no dashboard: ${error.message}`));
  child.unref();
  return child;
}
