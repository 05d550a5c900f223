/** Which of several models is asked next: the one that may gain most for what it costs. Pure. */

import { beta } from '../methods/bets/draw.ts';
import { rng } from '../methods/math/rng.ts';
import { armRows } from '../study/arms.ts';
import type { ModelConfig } from '../study/config.ts';
import type { State } from '../study/state.ts';

/** Label of the draws, so that they are nobody else's. */
const DRAWS = 0xa125;

/**
 * Thompson sampling of confirmed gain per cost. A request to a model ends in a keep with probability θ ~ Beta(1 + keeps,
 * 1 + the others), what came to nothing and what crashed among them; a keep is worth what its keeps were worth, and a
 * request costs what its requests cost, answers and runs together, each mean shrunk towards that of all models by one
 * more observation of it. The largest θ · gain ÷ cost is asked. Before anything was kept all gains are alike, and the
 * cheaper and the less tried are asked more.
 */
export function chooseModel(state: State, models: readonly ModelConfig[], ask: number): ModelConfig {
  if (models.length <= 1) return models[0]!;
  const rows = armRows(state);
  const priced = rows.some(({ money }) => money > 0);
  const costOf = (row: (typeof rows)[number]): number => (priced ? row.money : row.deviceSeconds);
  const total = (of: (row: (typeof rows)[number]) => number): number => rows.reduce((sum, row) => sum + of(row), 0);
  const keeps = total((row) => row.keeps);
  const meanGain = keeps > 0 ? total((row) => row.gain) / keeps : 1;
  const meanCost =
    total(costOf) /
    Math.max(
      1,
      total((row) => row.asked),
    );
  const random = rng(state.config.seedNumber, DRAWS, ask);
  let best = models[0]!;
  let most = -Infinity;
  for (const model of models) {
    const row = rows.find((one) => one.model === model.model)!;
    // Requests under way are counted as if they came to nothing, so that they spread out.
    const theta = beta(1 + row.keeps, 1 + Math.max(0, row.asked - row.keeps), random);
    const gain = (row.gain + meanGain) / (row.keeps + 1);
    const cost = (costOf(row) + meanCost) / (row.asked + 1);
    const value = (theta * gain) / Math.max(cost, Number.MIN_VALUE);
    if (value > most) [best, most] = [model, value];
  }
  return best;
}
