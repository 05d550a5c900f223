/** What every request must pass before any route sees it, and what every answer carries. */

import type { Context, MiddlewareHandler } from 'hono';
import { cookieIn, type Sessions } from './session.ts';

/** What the guard needs to know of its server. */
export interface Gate {
  readonly sessions: Sessions;
  /** Names this server goes by besides the loopback's, without ports. */
  readonly hosts: readonly string[];
  readonly port: () => number;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);
/** Bytes of a request's body. */
export const MOST_BODY = 64 << 10;
const LONGEST_PATH = 4096;

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
};

/** The name in a Host header or an origin, without port, in lower case; undefined for what is no such header. */
export function hostName(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(header.trim());
  return match?.[1]!.toLowerCase().replace(/\.$/, '');
}

/**
 * In this order: a name that is ours (a page of somebody's site that resolves to this machine has another), a path that is one, an origin that
 * is this server where a browser says what it is, a key, and for what changes anything the content type that no form can send.
 */
export function guard({ sessions, hosts, port }: Gate): MiddlewareHandler {
  const own = new Set([...LOOPBACK, ...hosts.map((host) => host.toLowerCase())]);
  return async (c, next) => {
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
    c.header('Cache-Control', 'no-store');

    const host = hostName(c.req.header('host'));
    if (host === undefined || !own.has(host)) {
      return refuse(c, 403, 'host', `this server does not go by the name "${plain(c.req.header('host') ?? '')}"`, {
        fix: 'open it by the address it printed, or start it with --allow-host <name>',
      });
    }
    const { pathname } = new URL(c.req.url);
    if (pathname.length > LONGEST_PATH) return refuse(c, 414, 'path', 'the address is too long');
    // As it came over the wire: an address object has its dots worked out already.
    const wire = (c.env as { incoming?: { url?: string } } | undefined)?.incoming?.url ?? '';
    if (crooked(wire) || crooked(pathname)) return refuse(c, 400, 'path', 'the address is no path of this server');

    const origin = c.req.header('origin');
    if (origin !== undefined && !sameOrigin(origin, c.req.header('host')!)) {
      return refuse(c, 403, 'origin', 'pages of other sites may not ask this server anything');
    }
    const site = c.req.header('sec-fetch-site');
    const navigates = c.req.method === 'GET' && c.req.header('sec-fetch-mode') === 'navigate';
    if (site !== undefined && site !== 'same-origin' && site !== 'none' && !navigates) {
      return refuse(c, 403, 'origin', 'pages of other sites may not ask this server anything');
    }

    const open = c.req.method === 'GET' && !pathname.startsWith('/api/') && pathname !== '/mcp';
    // An agent's token opens its tools only: pages show what those who propose may not see, such as held-out checks.
    const opens = sessions.bears(c.req.header('authorization'));
    const bearer = opens === 'all' || (opens === 'tools' && pathname === '/mcp');
    const known = bearer || sessions.knows(cookieIn(c.req.header('cookie'), port()));
    if (!open && !known) {
      return refuse(c, 401, 'session', 'this page has no key for the server', {
        fix: 'ansatz ui   # prints a link that does',
      });
    }
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
      const safe = c.req.method === 'POST' || (c.req.method === 'DELETE' && pathname === '/mcp');
      if (!safe) return refuse(c, 405, 'method', `${plain(c.req.method)} does nothing here`);
      // A form cannot send JSON; neither can a page of another site without asking first, and nobody answers that.
      const type = (c.req.header('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
      if (c.req.method === 'POST' && type !== 'application/json') {
        return refuse(c, 415, 'content-type', 'only application/json is understood');
      }
      if (!bearer && origin === undefined && site === undefined) {
        return refuse(c, 403, 'origin', 'the request does not say where it comes from', {
          fix: 'send the Origin header, or Authorization: Bearer …',
        });
      }
      const length = Number(c.req.header('content-length') ?? 0);
      if (length > MOST_BODY) return refuse(c, 413, 'body', `a body has at most ${MOST_BODY} bytes`);
    }
    return next();
  };
}

/** An answer that says no: what, and how to do better. */
export function refuse(
  c: Context,
  status: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 414 | 415 | 422 | 429 | 500 | 503,
  code: string,
  message: string,
  more: { readonly fix?: string; readonly where?: string; readonly why?: string } = {},
): Response {
  return c.json({ error: { code, message, ...more } }, status);
}

function sameOrigin(origin: string, host: string): boolean {
  try {
    const { host: from, protocol } = new URL(origin);
    return (protocol === 'http:' || protocol === 'https:') && from.toLowerCase() === host.trim().toLowerCase();
  } catch {
    return false;
  }
}

/** Dots that climb, encoded or not, backslashes, NUL, parameters: nothing this server has is called so. */
function crooked(url: string): boolean {
  const path = url.replace(/^[a-z]+:\/\/[^/]*/i, '').split('?')[0]!;
  let text = path;
  for (let i = 0; i < 3; i++) {
    if (/(?:^|[/\\])\.{1,2}(?:[/\\;]|$)|[\\\u0000;]/.test(text)) return true;
    try {
      const decoded = decodeURIComponent(text);
      if (decoded === text) return false;
      text = decoded;
    } catch {
      return true;
    }
  }
  return true;
}

function plain(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '').slice(0, 100);
}
