/** `ansatz ui`: the dashboard, on this machine, until Ctrl-C. */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { findProject, STUDIES } from '../../lab/studies.ts';
import { UserError } from '../../study/error.ts';
import { type Running, secretIn, startServer } from '../server/index.ts';
import { version } from './version.ts';

export interface UiOptions {
  readonly study?: string;
  readonly port?: string;
  readonly host?: string;
  readonly allowHost?: readonly string[];
  readonly token?: boolean;
  readonly json?: boolean;
}

/** Serve until interrupted. */
export async function ui(options: UiOptions): Promise<void> {
  const running = await openUi(process.cwd(), options, tidier());
  const path = options.study === undefined ? '/' : `/s/${encodeURIComponent(options.study)}`;
  if (options.json === true) {
    process.stdout.write(
      `${JSON.stringify({ port: running.port, link: running.link(path), bearer: running.bearer })}\n`,
    );
  } else {
    process.stdout.write(`${running.link(path)}\n`);
    process.stdout.write('the link works once, for one browser; Enter prints another, Ctrl-C ends\n');
    if (options.host !== undefined && !isLoopback(options.host)) {
      process.stdout.write(
        `it listens on ${options.host}: whoever has a link can steer the lab; the connection is not encrypted\n`,
      );
    }
    if (options.token === true) process.stdout.write(`for programs: Authorization: Bearer ${running.bearer}\n`);
  }
  if (process.stdin.isTTY) {
    process.stdin.on('data', () => process.stdout.write(`${running.link(path)}\n`));
  }
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });
  process.stdin.pause();
  await running.close();
}

/** A server for the project that `from` is in. */
export async function openUi(from: string, options: UiOptions, tidy?: Tidier): Promise<Running> {
  const project = findProject(from);
  if (project === undefined) {
    throw new UserError('no-study', 'there is no study here', {
      where: from,
      fix: 'ansatz init train.py && ansatz run --ui',
    });
  }
  const port = Number(options.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new UserError('bad-number', `"${options.port}" is no port`, {
      fix: '--port 8080, or --port 0 for any that is free',
    });
  }
  const host = options.host ?? '127.0.0.1';
  if (!isLoopback(host) && options.token !== true) {
    throw new UserError('open-host', `${host} can be reached from other machines`, {
      why: 'whoever opens the page can spend the budget; there is no encryption',
      fix: `ssh -L 8080:127.0.0.1:<port> <this machine>   # safest\n       ansatz ui --host ${host} --token   # knowing that`,
    });
  }
  return startServer({
    project,
    pages: await pagesFolder(),
    version: version(),
    secret: secretIn(join(project, STUDIES, 'ui.key')),
    host,
    port,
    allowHosts: [
      ...(options.allowHost ?? []),
      ...(isLoopback(host) || host === '0.0.0.0' || host === '::' ? [] : [host]),
    ],
    ...(tidy && { answered: tidy.answered }),
    // Loaded when an agent comes: most who open a dashboard have none.
    extend: (app) =>
      app.all('/mcp', async (c) => {
        const [{ answerMcp }, { proposer }] = await Promise.all([import('../mcp/server.ts'), import('./idea.ts')]);
        return answerMcp(c.req.raw, project, version(), proposer(project));
      }),
    lent: {
      ...(tidy && { sweep: tidy.sweep }),
      // Loaded when somebody asks: they bring along all that reads and writes scripts.
      diff: async (...given) => (await import('./code.ts')).diffToParent(...given),
      async propose(study, settings, { patch, ...rest }) {
        const { proposalOf } = await import('./idea.ts');
        const options = { study, ...rest, ...(patch === undefined ? {} : { patchText: patch }) };
        return proposalOf(project, settings, options, 'person');
      },
    },
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** The built pages: those of the package, or in a clone those of `web/`, built when they are missing. */
async function pagesFolder(): Promise<string> {
  const packed = join(import.meta.dirname, '..', '..', 'web');
  if (existsSync(join(packed, 'index.html'))) return packed;
  const web = join(import.meta.dirname, '..', '..', '..', '..', 'web');
  const built = join(web, 'dist');
  if (!existsSync(join(web, 'build.ts')))
    throw new Error('the pages of the dashboard are missing from this installation');
  const { buildPages, stale } = (await import(pathToFileURL(join(web, 'build.ts')).href)) as {
    buildPages: (require: NodeJS.Require) => Promise<void>;
    stale: () => boolean;
  };
  if (stale()) await buildPages(createRequire(join(web, 'package.json')));
  return built;
}

/** Quiet after which memory is given back. */
const QUIET_MS = 700;

/** Who gives memory back. */
interface Tidier {
  /** To be called after every answer: when nobody has asked anything for a moment, all is collected. */
  readonly answered: () => void;
  /** To be called in the middle of large ones: collects what is young, in a millisecond. */
  readonly sweep: () => void;
}

/** A server that mostly waits shall not keep what one large answer took: a small heap, small nurseries, and collections by hand. */
function tidier(): Tidier {
  for (const flag of ['--optimize-for-size', '--semi-space-growth-factor=1', '--expose-gc']) setFlagsFromString(flag);
  const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;
  let timer: NodeJS.Timeout | undefined;
  return {
    answered() {
      clearTimeout(timer);
      timer = setTimeout(collect, QUIET_MS).unref();
    },
    sweep: () => collect({ type: 'minor' }),
  };
}
