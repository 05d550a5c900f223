/** What can be asked of a server: each route with what it takes, in one table; the documented schema is made from the same. */

import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { UserError } from '../../study/error.ts';
import { refuse } from './guard.ts';

/** A route: reading takes a query, steering takes a body. Both are checked before `answer` sees them. */
export interface Route<Query extends z.ZodType = z.ZodType, Body extends z.ZodType = z.ZodType> {
  readonly method: 'get' | 'post';
  /** With `:name` for parts; every part is checked by {@link PARTS}. */
  readonly path: string;
  readonly about: string;
  readonly query?: Query;
  readonly body?: Body;
  readonly answer: (given: {
    readonly parts: Readonly<Record<string, string>>;
    readonly query: z.infer<Query>;
    readonly body: z.infer<Body>;
    readonly context: Context;
  }) => unknown;
}

/** A route with its types inferred. */
export function route<Query extends z.ZodType, Body extends z.ZodType>(one: Route<Query, Body>): Route {
  return one;
}

/** What the parts of a path may be: nothing here is ever a path of the file system. */
const PARTS: Readonly<Record<string, RegExp>> = {
  study: /^[\w][\w.-]{0,99}$/,
  trial: /^[1-9]\d{0,8}$/,
  run: /^[1-9]\d{0,8}$/,
};

/** Put the routes under `/api` of an application, and their schema at `/api/openapi.json`. */
export function mount(app: Hono, routes: readonly Route[], version: string): void {
  for (const one of routes) {
    app[one.method](`/api${one.path}`, async (c) => {
      const parts = c.req.param() as Record<string, string>;
      for (const [name, value] of Object.entries(parts)) {
        if (PARTS[name]?.test(value) !== true) return refuse(c, 400, 'bad-id', `this is no ${name}`);
      }
      try {
        const query: unknown = one.query === undefined ? {} : one.query.parse(c.req.query());
        const body: unknown = one.body === undefined ? {} : one.body.parse(JSON.parse(await c.req.text()));
        const answer = await one.answer({ parts, query, body, context: c });
        return answer instanceof Response
          ? answer
          : c.body(jsonOf(answer), 200, { 'Content-Type': 'application/json' });
      } catch (error) {
        return failed(c, error);
      }
    });
  }
  const schema = openapi(routes, version);
  app.get('/api/openapi.json', (c) => c.json(schema));
  app.all('/api/*', (c) =>
    refuse(c, 404, 'no-route', 'there is nothing at this address', { fix: 'GET /api/openapi.json' }),
  );
}

/** JSON without holes: a number that JSON has no word for is null, as in every other JSON that ansatz prints. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

/** A mistake of whoever asked as an answer that says what to do; anything else is a bug of ours, and says no more than that. */
export function failed(c: Context, error: unknown): Response {
  if (error instanceof UserError) {
    const { code, message, where, why, fix } = error;
    const missing = code === 'no-study' || code === 'no-trial' || code === 'no-run' || code === 'no-metric';
    return refuse(c, missing ? 404 : 422, code, message, {
      ...(where === undefined || code.startsWith('no-study') ? {} : { where }),
      ...(why === undefined ? {} : { why }),
      ...(fix === undefined ? {} : { fix }),
    });
  }
  if (error instanceof z.ZodError) {
    const first = error.issues[0];
    return refuse(c, 422, 'bad-request', first?.message ?? 'the request cannot be read', {
      where: first?.path.map(String).join('.') ?? '',
    });
  }
  if (error instanceof SyntaxError) return refuse(c, 400, 'bad-json', 'the body is no JSON');
  return refuse(c, 500, 'bug', 'this is a bug of ansatz, please report it');
}

function openapi(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, path, about, query, body } of routes) {
    const names = [...path.matchAll(/:(\w+)/g)].map((match) => match[1]!);
    const inPath = names.map((name) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string', pattern: PARTS[name]!.source },
    }));
    const fields = query === undefined ? {} : propertiesOf(query);
    const inQuery = Object.entries(fields).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
    (paths[`/api${path.replaceAll(/:(\w+)/g, '{$1}')}`] ??= {})[method] = {
      summary: about,
      parameters: [...inPath, ...inQuery],
      ...(body === undefined
        ? {}
        : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } } }),
      responses: {
        200: { description: 'the answer', content: { 'application/json': {} } },
        default: {
          description: 'what is wrong and how to put it right',
          content: { 'application/json': { schema: ERROR } },
        },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'ansatz',
      version,
      description: 'A study, read and steered. Served on this machine only unless told otherwise.',
    },
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'ansatz_<port>' },
        bearer: { type: 'http', scheme: 'bearer' },
      },
    },
    security: [{ session: [] }, { bearer: [] }],
    paths,
  };
}

const ERROR = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        where: { type: 'string' },
        why: { type: 'string' },
        fix: { type: 'string' },
      },
    },
  },
};

function schemaOf(type: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io: 'input' }) as Record<string, unknown>;
  return schema;
}

function propertiesOf(type: z.ZodType): Record<string, unknown> {
  return (schemaOf(type)['properties'] ?? {}) as Record<string, unknown>;
}
