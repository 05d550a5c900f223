/** What ends or suspends trainings before their end, by the names of ansatz.yaml. */

import { asha } from './asha.ts';
import { forecast } from './forecast.ts';
import { freezeThaw } from './freeze/freeze-thaw.ts';
import { halving } from './halving.ts';
import { hyperband } from './hyperband.ts';
import { median } from './median.ts';
import type { Pruner } from './pruner.ts';
import type { Scheduler } from './scheduler.ts';

/** Pruners: they look at one run beside the others, and let it go on or stop it. */
export const pruners: Readonly<Record<'auto' | 'forecast' | 'median' | 'asha' | 'none', Pruner>> = {
  auto: forecast,
  forecast,
  median,
  asha,
  none: () => 'continue',
};

/** Schedulers: they look at all trainings, and may also pause one and let it go on later. */
export const schedulers: Readonly<Record<'halving' | 'hyperband' | 'freeze-thaw', Scheduler>> = {
  halving,
  hyperband,
  'freeze-thaw': freezeThaw,
};

/** Either of them. With a scheduler the pruner never stops anything. */
export interface Stopping {
  readonly pruner: Pruner;
  readonly scheduler?: Scheduler;
}

/** The pruner or the scheduler called `name`. */
export function stoppingOf(name: keyof typeof pruners | keyof typeof schedulers): Stopping {
  if (name === 'halving' || name === 'hyperband' || name === 'freeze-thaw')
    return { pruner: pruners.none, scheduler: schedulers[name] };
  return { pruner: pruners[name] };
}
