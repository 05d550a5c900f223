export { openVectors, type Vectors } from './vectors.ts';
export { openMemory, type MemoryStore } from './store.ts';
