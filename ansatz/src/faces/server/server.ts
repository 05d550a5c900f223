/** `ansatz ui`: the dashboard on this machine. Reads studies, posts wishes into their inbox, changes nothing else. */

import { serve, type ServerType } from '@hono/node-server';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:http';
import { extname, join } from 'node:path';
import { Readable } from 'node:stream';
import { UserError } from '../../study/error.ts';
import { routesOf } from './api.ts';
import type { Change } from './follow.ts';
import { guard, refuse } from './guard.ts';
import type { Lent } from './pages.ts';
import { failed, mount } from './routes.ts';
import { cookieName, Sessions } from './session.ts';
import { Studies } from './studies.ts';

export interface ServerOptions {
  /** Folder that has `.ansatz/`. */
  readonly project: string;
  /** Folder of the built pages: `index.html` and `assets/`. */
  readonly pages: string;
  readonly version: string;
  /** 256 bits that sign sessions. */
  readonly secret: Buffer;
  /** Address to listen on; the loopback's by default. */
  readonly host?: string;
  /** 0 = any that is free. */
  readonly port?: number;
  /** Names besides the loopback's that the server may be called by. */
  readonly allowHosts?: readonly string[];
  readonly lent: Lent;
  /** Called after every answer. */
  readonly answered?: () => void;
  /** More routes, behind the same guard. */
  readonly extend?: (app: Hono) => void;
}

/** A server that listens. */
export interface Running {
  readonly port: number;
  /** Address to open, with a key that works once. */
  link(path?: string): string;
  /** What a program sends as `Authorization: Bearer …`. */
  readonly bearer: string;
  /** The same for an agent: opens `/mcp` and nothing else. */
  readonly toolsBearer: string;
  close(): Promise<void>;
}

const MOST_STREAMS = 24;
const HEARTBEAT_MS = 15_000;
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

/** Start to serve; resolves when it listens. Throws a UserError when the port is taken. */
export async function startServer(options: ServerOptions): Promise<Running> {
  const sessions = new Sessions(options.secret);
  const studies = new Studies(options.project);
  let port = 0;
  let streams = 0;
  const open = new Set<() => void>();
  const app = new Hono();
  app.onError((error, c) => failed(c, error));
  app.use(async (_c, next) => {
    await next();
    options.answered?.();
  });
  app.use(guard({ sessions, hosts: options.allowHosts ?? [], port: () => port }));

  app.get('/api/studies/:study/events', (c) => {
    const name = c.req.param('study');
    if (!/^[\w][\w.-]{0,99}$/.test(name)) return refuse(c, 400, 'bad-id', 'this is no study');
    if (streams >= MOST_STREAMS) return refuse(c, 503, 'streams', `no more than ${MOST_STREAMS} pages can listen`);
    let follower: ReturnType<Studies['of']>;
    let seq: number;
    try {
      follower = studies.of(name);
      seq = follower.state().seq;
    } catch (error) {
      return failed(c, error);
    }
    const after = Number(c.req.header('last-event-id') ?? c.req.query('after') ?? seq);
    streams++;
    return streamSSE(
      c,
      async (stream) => {
        const waiting: Change[] = [];
        let wake: () => void = () => {};
        const forget = follower.listen((change) => {
          waiting.push(change);
          wake();
        });
        const line = { over: false };
        const end = (): void => {
          line.over = true;
          wake();
        };
        open.add(end);
        stream.onAbort(end);
        try {
          // What a page has missed while it was away is one change: it knows which events it has seen.
          if (Number.isInteger(after) && after < seq) waiting.push(missed(follower, after, seq));
          else await stream.writeSSE({ event: 'hello', data: JSON.stringify({ seq }), id: String(seq) });
          while (!line.over && !stream.aborted) {
            const batch = waiting.splice(0);
            for (const change of batch) {
              await stream.writeSSE({ event: 'change', data: JSON.stringify(change), id: String(change.seq) });
            }
            if (waiting.length > 0) continue;
            const rested = await new Promise<boolean>((resolve) => {
              const timer = setTimeout(() => resolve(true), HEARTBEAT_MS);
              wake = () => {
                clearTimeout(timer);
                resolve(false);
              };
            });
            if (rested && !line.over) await stream.write(': still here\n\n');
          }
        } finally {
          forget();
          open.delete(end);
          streams--;
        }
      },
      async () => {},
    );
  });
  mount(app, routesOf(studies, options.lent), options.version);
  options.extend?.(app);

  const index = join(options.pages, 'index.html');
  app.get('/assets/:file', (c) => {
    const file = c.req.param('file');
    const path = join(options.pages, 'assets', file);
    if (!/^[\w.-]+$/.test(file) || !existsSync(path) || !statSync(path).isFile()) {
      return refuse(c, 404, 'no-file', 'there is no such file');
    }
    // Names carry a hash of what is in them.
    c.header('Cache-Control', 'public, max-age=31536000, immutable');
    c.header('Content-Type', TYPES[extname(file)] ?? 'application/octet-stream');
    const packed = `${path}.gz`;
    if ((c.req.header('accept-encoding') ?? '').includes('gzip') && existsSync(packed)) {
      c.header('Content-Encoding', 'gzip');
      return c.body(Readable.toWeb(createReadStream(packed)) as ReadableStream);
    }
    return c.body(Readable.toWeb(createReadStream(path)) as ReadableStream);
  });
  app.get('*', (c) => {
    const url = new URL(c.req.url);
    const key = url.searchParams.get('key');
    if (key !== null) {
      const cookie = sessions.redeem(key);
      url.searchParams.delete('key');
      if (cookie !== undefined) {
        c.header('Set-Cookie', `${cookieName(port)}=${cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000`);
      }
      // Away with the key: it must not stay in the address, the history or a bookmark.
      return c.redirect(`${url.pathname}${url.search}` || '/', 303);
    }
    if (url.pathname.startsWith('/assets') || /\.[a-z0-9]{1,5}$/i.test(url.pathname))
      return refuse(c, 404, 'no-file', 'there is no such file');
    c.header('Content-Type', TYPES['.html']);
    return c.body(readFileSync(index));
  });

  const host = options.host ?? '127.0.0.1';
  const server = await listen(app, host, options.port ?? 0);
  port = (server.address() as { port: number }).port;
  const http = server as Server;
  const shown = host === '0.0.0.0' || host === '::' || host === '127.0.0.1' || host === '::1' ? '127.0.0.1' : host;
  return {
    port,
    bearer: sessions.bearer(),
    toolsBearer: sessions.bearer('tools'),
    link: (path = '/') => `http://${shown}:${port}${path}?key=${sessions.link()}`,
    async close() {
      for (const end of open) end();
      http.closeAllConnections();
      await new Promise<void>((resolve) => http.close(() => resolve()));
      studies.close();
    },
  };
}

function missed(follower: ReturnType<Studies['of']>, after: number, seq: number): Change {
  const most = 500;
  const events = follower.recent(seq + 1, Math.min(most, seq - after));
  const types = seq - after > most ? ['*'] : [...new Set(events.map(({ type }) => type))];
  const of = (name: 'trial' | 'run'): number[] => [
    ...new Set(events.flatMap((event) => (name in event ? [(event as unknown as Record<string, number>)[name]!] : []))),
  ];
  return { seq, types, trials: of('trial'), runs: of('run'), points: [] };
}

async function listen(app: Hono, host: string, port: number): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    // Slow senders hold nothing open for long; event streams send, and are not bound by these.
    const serverOptions = {
      headersTimeout: 8000,
      requestTimeout: 15_000,
      connectionsCheckingInterval: 2000,
      maxHeaderSize: 16 << 10,
    };
    const server = serve({ fetch: app.fetch, hostname: host, port, overrideGlobalObjects: false, serverOptions }, () =>
      resolve(server),
    );
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES' && error.code !== 'EADDRNOTAVAIL') reject(error);
      else {
        reject(
          new UserError(
            'port',
            `port ${port} of ${host} cannot be used: ${error.code === 'EADDRINUSE' ? 'something listens there' : error.message}`,
            {
              fix: 'ansatz ui --port 0   # any that is free',
            },
          ),
        );
      }
    });
  });
}
