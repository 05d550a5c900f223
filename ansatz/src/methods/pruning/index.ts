import { asha } from './asha.ts';
import { median } from './median.ts';
import type { Pruner } from './pruner.ts';

export { type Pruner, type Curve, bestBy, reaches } from './pruner.ts';
export { median } from './median.ts';
export { asha } from './asha.ts';

/** Every pruner by the name it has in ansatz.yaml. */
export const pruners: Readonly<Record<'auto' | 'median' | 'asha' | 'none', Pruner>> = {
  auto: median,
  median,
  asha,
  none: () => 'continue',
};
