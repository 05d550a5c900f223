/** A plan, step by step: the formula, the numbers put in, what comes out, and where the formula is from. */

import type { BigRun } from './budget.ts';
import { layoutText } from './layout.ts';
import { attentionWidths, flopsPerToken } from './shape.ts';

export interface Step {
  readonly what: string;
  readonly formula: string;
  readonly numbers: string;
  readonly result: string;
  readonly source: string;
}

/** In the order in which the numbers are worked out. `n` prints a number, `bytes` an amount of memory, `time` seconds. */
export function explain(
  run: BigRun,
  {
    n,
    bytes,
    time,
  }: { n: (value: number) => string; bytes: (value: number) => string; time: (value: number) => string },
): Step[] {
  const { question, shape, devices, N, D, best, checkpointing: check } = run;
  const { law, device, aim, spend } = question;
  const { E, A, B, alpha, beta } = law.params;
  const { layout, time: step, memory } = best;
  const p = (share: number): string => `${Number((100 * share).toPrecision(100 * share < 10 ? 2 : 3))} %`;
  const steps: Step[] = [];
  const add = (what: string, formula: string, numbers: string, result: string, source: string): void => {
    steps.push({ what, formula, numbers, result, source });
  };
  const rate = step.tokensPerSecond;
  const compute = `${n(6 * N * rate * check.goodput)} FLOP/s of 6N × tokens`;
  if (spend.kind === 'flops')
    add(
      'budget',
      'C = 6 N D',
      `C = ${n(spend.flops)}`,
      `${n(run.flops)} FLOPs of training`,
      'Kaplan et al. 2020, section 2.1',
    );
  else {
    const seconds =
      spend.kind === 'time'
        ? `${time(spend.seconds)} on ${devices} ${device.name}`
        : `${n(spend.money)} / (${devices} × ${n(device.price)} per device-hour) = ${time(run.seconds)}`;
    add(
      'budget',
      'C = 6 N × tokens/s × goodput × time',
      `${seconds}, ${compute}`,
      `${n(run.flops)} FLOPs of training`,
      'Kaplan et al. 2020, section 2.1',
    );
  }
  add(
    'size and tokens by the law',
    'N* = G (C/6)^(β/(α+β)), D* = C/6N*, G = (αA/βB)^(1/(α+β))',
    `A ${n(A)}, B ${n(B)}, α ${n(alpha)}, β ${n(beta)}, C ${n(run.flops)}`,
    `N* ${n(run.optimum.N)}${run.sizeInterval === undefined ? '' : ` [${n(run.sizeInterval[0])}, ${n(run.sizeInterval[1])}]`}, D* ${n(run.optimum.D)}, loss ${n(run.optimum.loss)}`,
    `Hoffmann et al. 2022, eq. 4; ${law.from}`,
  );
  if (aim.inferenceTokens > 0)
    add(
      'smaller, because it will be served',
      'least 6ND + 2N D_inf at the same loss: ∂L/∂ln N = (1 + D_inf/3D) ∂L/∂ln D',
      `D_inf ${n(aim.inferenceTokens)}`,
      `N ${n(N)} instead of ${n(run.optimum.N)}: loss +${n(run.loss - run.optimum.loss)}, ${n(2 * (run.optimum.N - N) * aim.inferenceTokens)} FLOPs saved in serving`,
      'Sardana et al. 2024, eq. 2',
    );
  if (D > aim.uniqueTokens)
    add(
      'tokens repeat',
      "D' = U + U R_D (1 − e^(−(D/U−1)/R_D))",
      `U ${n(aim.uniqueTokens)}, ${n(run.epochs)} epochs, R_D ${n(law.decay.R_D)}`,
      `loss ${n(run.loss)} instead of ${n(E + A / N ** alpha + B / D ** beta)} with fresh tokens`,
      'Muennighoff et al. 2023, section 3.1; R_D is hardly identified: 7 to above a thousand',
    );
  add(
    'shape',
    'N = L (2h² + 2h·kv + 3h·f) + vocabulary',
    `${shape.layers} layers × ${shape.hidden} wide, ${shape.heads} heads, ${shape.kvHeads} of keys (${n(attentionWidths(shape).key)} wide), feed-forward ${shape.ffn}${shape.gated ? ' gated' : ''}, vocabulary ${shape.vocab}${shape.tied ? ' tied' : ''}`,
    `N = ${n(N)}`,
    'rule of this planner: about 115 units of width per layer, heads of 128',
  );
  const fixed = (loss: number): string => loss.toFixed(3);
  const repeats = D > aim.uniqueTokens;
  add(
    'expected loss',
    repeats ? "L = E + A/N'^α + B/D'^β" : 'L = E + A/N^α + B/D^β',
    repeats
      ? `${fixed(E)} + ${fixed(run.loss - E)} of size and of tokens, repeated ones at their worth`
      : `${fixed(E)} + ${fixed(A / N ** alpha)} + ${fixed(B / D ** beta)}`,
    `${fixed(run.loss)} nats per token${run.lossInterval === undefined ? '' : ` [${run.lossInterval.map(fixed).join(', ')}]`}`,
    repeats
      ? 'Muennighoff et al. 2023, section 3.1; 95 % of the fit alone, delta method'
      : 'Hoffmann et al. 2022, eq. 2; 95 % of the fit alone, delta method',
  );
  add(
    'batch',
    question.batchTokens === undefined
      ? 'B_crit = 2·10⁸ / L^4.76 tokens, to a power of two of sequences; twice that where it makes the machine a fifth quicker'
      : 'as asked for, to whole passes; B_crit = 2·10⁸ / L^4.76',
    `L ${n(run.loss)}, sequences of ${shape.seq}`,
    `${n(run.batchTokens)} tokens a step (critical: ${n(run.criticalBatch)}), ${n(run.steps)} steps`,
    'Kaplan et al. 2020, eq. 1.4 (recalled, of other data: a starting point)',
  );
  add(
    'layout',
    'the least time per token of all layouts that fit',
    `${run.found.looked} looked at: ${run.found.dropped.memory} need more than ${bytes(device.memory)} × 0.92, ${run.found.dropped.slower} slower by arithmetic alone, ${run.found.dropped.batch} do not suit the batch`,
    layoutText(layout),
    'search over divisors',
  );
  add(
    'memory',
    'weights 2 + gradients 4 + Adam 12 bytes per parameter, sharded by ZeRO; activations by Korthikanti',
    `${bytes(memory.weights)} + ${bytes(memory.gradients)} + ${bytes(memory.optimizer)} + ${bytes(memory.activations)} + ${bytes(memory.working)} of work space`,
    `${bytes(memory.total)} of ${bytes(device.memory)}`,
    'Rajbhandari et al. 2020, section 3.1; Korthikanti et al. 2022, table 2',
  );
  const { efficiency } = device;
  add(
    'step',
    'products / (peak × e_m) + bytes / (bandwidth × e_b) + what is waited for',
    `e_matmul ${n(efficiency.matmul)}, e_attention ${n(efficiency.attention)}, e_memory ${n(efficiency.memory)}, e_network ${n(efficiency.network)} (${device.efficiencyFrom})`,
    `${time(step.seconds)}: products ${p(step.products / step.seconds)}, memory-bound ${p(step.elementwise / step.seconds)}, tensor ${p(step.tensor / step.seconds)}, bubble ${p(step.bubble / step.seconds)}, stages ${p(step.stages / step.seconds)}, data ${p(step.data / step.seconds)}, optimizer ${p(step.optimizer / step.seconds)}`,
    'roofline; Narayanan et al. 2021, section 2.2 (bubble (p−1)/(v m))',
  );
  add(
    'model FLOP/s',
    '(6N + 12 L d T) × tokens/s / (devices × peak)',
    `${n(flopsPerToken(shape))} × ${n(rate)} / (${devices} × ${n(device.peak)})`,
    `MFU ${p(step.mfu)}`,
    'Chowdhery et al. 2022, appendix B',
  );
  add(
    'failures',
    'τ = √(2δM) (1 + √(δ/2M)/3 + δ/18M) − δ; goodput = τ / (M e^(R/M) (e^((τ+δ)/M) − 1))',
    `M ${time(check.mtbf)}, δ ${time(check.cost)} for ${bytes(check.bytes)}, R ${time(question.reliability.restart)}`,
    `a checkpoint every ${time(check.interval)}, goodput ${p(check.goodput)} (${p(check.writing)} writing, ${p(check.failing)} lost to failures)`,
    'Young 1974; Daly 2006, eqs. 20 and 37; rate of Llama 3 (2024), section 3.3.4',
  );
  add(
    'time and cost',
    'D / (tokens/s × goodput); devices × hours × price',
    `${n(D)} / (${n(rate)} × ${n(check.goodput)}); ${devices} × ${n(run.seconds / 3600)} h × ${n(device.price)}`,
    `${time(run.seconds)}, ${n(run.deviceHours)} device-hours, ${n(run.cost)}`,
    'arithmetic',
  );
  return steps;
}
