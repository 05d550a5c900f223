export { pooledNoise, type Noise } from './noise.ts';
export { compare, type Comparison } from './compare.ts';
