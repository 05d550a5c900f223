export { startServer, type Running, type ServerOptions } from './server.ts';
export { Follower } from './follow.ts';
export { secretIn } from './session.ts';
export type { Lent } from './pages.ts';
