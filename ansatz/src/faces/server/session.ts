/** Who may look: a link that works once is swapped for a cookie that no page can read. */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const COOKIE = 'ansatz';
/** Wrong keys in a minute after which no key is looked at until it is over. */
const MOST_WRONG = 20;
const MINUTE = 60_000;

/**
 * Keys of one server. The secret is 256 bits in a file that only its owner can read, so that a page stays open over a restart; a link has 256
 * bits of its own and is forgotten when it is used. Comparisons take the same time whatever they are given.
 */
export class Sessions {
  readonly #secret: Buffer;
  readonly #links = new Set<string>();
  #wrong = 0;
  #since = 0;
  readonly #now: () => number;

  constructor(secret: Buffer, now: () => number = Date.now) {
    this.#secret = secret;
    this.#now = now;
  }

  /** A key for one visit, to be put into an address. */
  link(): string {
    const key = randomBytes(32).toString('base64url');
    this.#links.add(key);
    // Links nobody follows must not pile up.
    if (this.#links.size > 16) this.#links.delete(this.#links.values().next().value!);
    return key;
  }

  /** The cookie for a key from an address; undefined when the key is no good, or was used, or there were too many wrong ones. */
  redeem(key: string): string | undefined {
    if (this.#barred()) return undefined;
    const found = [...this.#links].find((link) => same(link, key));
    if (found === undefined) {
      this.#count();
      return undefined;
    }
    this.#links.delete(found);
    const id = randomBytes(18).toString('base64url');
    return `${id}.${this.#sign(`session ${id}`)}`;
  }

  /** Whether a cookie was given out by a server with this secret. */
  knows(cookie: string | undefined): boolean {
    const [id, signature, ...rest] = (cookie ?? '').split('.');
    if (id === undefined || signature === undefined || rest.length > 0 || id.length !== 24) return false;
    return same(this.#sign(`session ${id}`), signature);
  }

  /** What a program sends as `Authorization: Bearer …`: one token for everything a page may ask, another for the tools of agents alone. */
  bearer(what: 'all' | 'tools' = 'all'): string {
    return this.#sign(`bearer ${what}`);
  }

  /** What a header opens; nothing when it carries no token of ours. */
  bears(header: string | undefined): 'all' | 'tools' | undefined {
    if (header === undefined || !header.startsWith('Bearer ') || this.#barred()) return undefined;
    const given = header.slice('Bearer '.length);
    if (same(this.bearer(), given)) return 'all';
    if (same(this.bearer('tools'), given)) return 'tools';
    this.#count();
    return undefined;
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('base64url');
  }

  #barred(): boolean {
    if (this.#now() - this.#since > MINUTE) this.#wrong = 0;
    return this.#wrong >= MOST_WRONG;
  }

  #count(): void {
    if (this.#wrong === 0) this.#since = this.#now();
    this.#wrong++;
  }
}

function same(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => createHmac('sha256', 'compare').update(text).digest());
  return timingSafeEqual(x!, y!);
}

/** The secret in `file`, made with mode 600 where there is none. */
export function secretIn(file: string): Buffer {
  try {
    const secret = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64url');
    if (secret.length === 32) return secret;
  } catch {
    // The first time.
  }
  const secret = randomBytes(32);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${secret.toString('base64url')}\n`, { mode: 0o600 });
  return secret;
}

/** The value of our cookie in a request's header. */
export function cookieIn(header: string | undefined, port: number): string | undefined {
  const name = `${cookieName(port)}=`;
  return (header ?? '')
    .split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(name))
    ?.slice(name.length);
}

/** Cookies know no ports: the name carries it, so that two servers on one machine do not sign each other out. */
export function cookieName(port: number): string {
  return `${COOKIE}_${port}`;
}
