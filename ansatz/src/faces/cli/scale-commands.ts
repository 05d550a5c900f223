/** The commands of `ansatz scale` and their options. */

import type { Command, Option } from 'commander';

/** Add them to the program; `study` and `json` make the options of these names. */
export function addScale(top: Command, study: () => Option, json: () => Option): void {
  const scale = top
    .command('scale')
    .description(
      'scaling laws from a table of finished runs (fit, ladder), and what to train with a big budget (plan)',
    );
  scale
    .command('fit <csv>')
    .description('fit a scaling law; columns are found by name, amounts may be written 1.3B or 6e18 FLOPs')
    .option(
      '--law <name>',
      'auto, chinchilla, isoflop, dataconstrained, sigmoid, passk, majority, bestofn; or one of one variable: power, m2, shifted, m4, bnsl, blend, weighted, ensemble (default: by the columns)',
    )
    .option('--where <column=value>', 'only the rows that have it')
    .option('--drop-highest <n>', 'leave out the n highest losses')
    .option('--bootstrap <n>', 'draws for standard errors and intervals (default: profile intervals)')
    .option('--level <p>', 'of the intervals (default: 0.95, of a forecast 0.8)')
    .option('--seed <n>', 'of the bootstrap', '0')
    .option('--flops <c>', 'also the compute-optimal N and D for so many FLOPs')
    .option('--at <x>', 'for laws of one variable and sigmoid: also the forecast at this x')
    .option('--n <column>', 'the column of parameters; for passk of attempts, for majority of counts')
    .option('--d <column>', 'the column of tokens')
    .option('--c <column>', 'the column of FLOPs; for passk of right attempts')
    .option('--loss <column>', 'the column of the loss')
    .option('--x <column>', 'what a law of one variable is over')
    .option('--y <column>', 'what it predicts; for bestofn the score')
    .option('--unique <column>', 'for dataconstrained: the column of unique tokens')
    .option('--fresh <file>', 'for dataconstrained: the law without repetition, from ansatz scale fit --json')
    .option('--floor <p>', 'for sigmoid: the accuracy of guessing')
    .option('--items <n>', 'for sigmoid: the number of questions of the task')
    .option('--k <list>', 'for passk, majority, bestofn: numbers of attempts, e.g. 1,10,100')
    .option('--problem <column>', 'for majority, bestofn: the column that names the problem')
    .option('--answer <column>', 'for majority: the column of the answer')
    .option('--correct <column>', 'for majority, bestofn: the column that says whether it is right')
    .option('--svg <file>', 'draw the law, its forecast and the residuals')
    .option('--csv', 'print what would be drawn as rows')
    .addOption(json())
    .action(async (file: string, options: object) => (await import('./scale.ts')).scaleFit(file, options));

  scale
    .command('ladder <csv>')
    .description('the loss and the task accuracies of a large model from a ladder of small ones')
    .requiredOption('--target <N,D>', 'its parameters and tokens, e.g. 7B,4T')
    .option('--task <column>', 'also forecast this score; may be repeated', collect)
    .option(
      '--via <column>',
      'the loss that tasks are forecast by (default: the bits per byte of the task, else the loss)',
    )
    .option('--floor <p>', 'the accuracy of guessing')
    .option('--items <n>', 'the number of questions of a task')
    .option('--where <column=value>', 'only the rows that have it')
    .option('--bootstrap <n>', 'draws for the interval', '400')
    .option('--level <p>', 'of the intervals', '0.8')
    .option('--seed <n>', 'of the bootstrap', '0')
    .option('--n <column>', 'the column of parameters')
    .option('--d <column>', 'the column of tokens')
    .option('--c <column>', 'the column of FLOPs')
    .option('--loss <column>', 'the column of the loss')
    .option('--svg <file>', 'draw the runs, the forecast and the residuals')
    .option('--csv', 'print what would be drawn as rows')
    .addOption(json())
    .action(async (file: string, options: { target: string }) =>
      (await import('./scale-ladder.ts')).scaleLadder(file, options),
    );

  scale
    .command('forecast')
    .description('what the small runs of a study say of a large one: who stays ahead, what ten times the scale buys')
    .option('--knob <name>', 'the knob that is the scale, e.g. width or steps (default: the fidelity of the study)')
    .option('--target <value>', 'the value of it that is asked about (default: the target of the fidelity)')
    .option('--level <p>', 'of the intervals', '0.8')
    .addOption(study())
    .addOption(json())
    .option('--svg <file>', 'draw the runs, the law of each recipe and the fan to the target')
    .action(async (options: object) => (await import('./scale-forecast.ts')).scaleForecastCommand(options));

  scale
    .command('plan')
    .description('a big run: size, tokens, loss, layout, memory, time and cost, worked out step by step')
    .option('--flops <c>', 'budget: training FLOPs, 6ND')
    .option('--days <n>', 'budget: days on the machine of --devices')
    .option('--dollars <x>', 'budget: money, at the price per device-hour')
    .option(
      '--devices <n x kind>',
      '512xH100, or only a kind: then the number is chosen (A100, A100-40, H100, H200, B200, v4, v5p, …)',
    )
    .option('--hardware <file>', 'a device of your own, YAML or JSON (docs/plan.md)')
    .option('--price <x>', 'money per device-hour')
    .option('--params <n>', 'parameters, instead of what the law says')
    .option('--layers <n>', 'of the model')
    .option('--hidden <n>', 'its width')
    .option('--heads <n>', 'heads of attention')
    .option('--kv-heads <n>', 'heads of keys and values')
    .option('--ffn <n>', 'width of the feed-forward layer')
    .option('--vocab <n>', 'size of the vocabulary')
    .option('--seq <n>', 'tokens per sequence (default: 4096)')
    .option('--batch <tokens>', 'tokens per step (default: the critical batch)')
    .option('--law <file>', 'what ansatz scale fit --json printed (default: Chinchilla, refitted)')
    .option('--inference-tokens <n>', 'tokens the model will serve: trades size for training')
    .option('--tokens-available <n>', 'different tokens there are; beyond them they repeat')
    .option('--fp8', 'matrix products in 8 bits, where the device has them')
    .option('--layout <settings>', 'what the layout must be: tensor=8,pipeline=4,zero=1,recompute=full')
    .option('--measured <csv>', 'short runs of your own: the efficiencies are fitted to them')
    .option('--mtbf <hours>', 'device-hours between failures (default: 50,700, as Llama 3)')
    .option('--restart <seconds>', 'from a failure until training goes on (default: 600)')
    .option('--checkpoint-bandwidth <bytes/s>', 'that a device writes of a checkpoint (default: 2.5e8)')
    .option('--top <k>', 'layouts to show', '5')
    .option('--compare', 'also: the same devices on a fat tree and on tori, from 64 to 16,384')
    .option('--svg <file>', 'a picture of the layouts, or with --compare of the networks')
    .option('--csv', 'print the layouts, or with --compare the networks, as CSV')
    .addOption(json())
    .action(async (options: object) => (await import('./scale-plan.ts')).scalePlan(options));
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
