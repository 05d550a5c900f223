export { startServer, type Running, type ServerOptions } from './server.ts';
export { secretIn } from './session.ts';
export type { Lent } from './pages.ts';
