export { openMemory, type MemoryStore } from './store.ts';
