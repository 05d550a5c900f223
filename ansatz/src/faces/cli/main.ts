/** The command line: what there is to type. Each command is loaded when it is used, so that `--help` is quick. */

import { Command, CommanderError, Option } from 'commander';
import { addScale } from './scale-commands.ts';
import { version } from './version.ts';

/** Run the command line with the arguments after the program's name. Sets `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that goes away (`ansatz trials | head`) is no error. A command that goes on without one listens itself.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (process.stdout.listenerCount('error') > 1) return;
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  try {
    await program().parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    const { errorText, exitOf } = await import('./errors.ts');
    process.stderr.write(errorText(error));
    process.exitCode = exitOf(error);
  }
}

const study = (): Option => new Option('--study <name>', 'the study to use (default: the one worked on last)');
const json = (): Option => new Option('--json', 'print JSON (schema in docs/json.md)');

function program(): Command {
  const top = new Command('ansatz')
    .description('An autonomous ML research lab that runs under a compute budget.')
    .version(version())
    .exitOverride()
    .showHelpAfterError('(ansatz --help lists the commands)')
    .addHelpText(
      'after',
      `
A first study, in the folder of a training script:
  ansatz init train.py     finds its knobs and metrics, writes ansatz.yaml
  ansatz run --dry-run     what it would do and cost
  ansatz run               does it; Ctrl-C drains, the same command resumes
  ansatz report            one HTML file to forward

Exit codes: 0 ok, 2 usage, 3 budget too small, 4 no improvement, 5 the script fails as it is,
            6 disk, folder or another lab in the way, 130 interrupted (resumable)`,
    );

  top
    .command('optimize')
    .description('ask and tell over JSON lines on stdin and stdout: the search engine for a loop of your own')
    .action(async () => (await import('./optimize.ts')).optimize());

  top
    .command('init [script...]')
    .description('look at a training script (or, after --, at a whole command) and write ansatz.yaml')
    .option('--metric <name>', 'the metric to improve')
    .option('--maximize', 'higher is better')
    .option('--minimize', 'lower is better')
    .option('--no-probe', 'do not run the script once to see what it prints')
    .option('--probe-seconds <n>', 'longest probe run', '60')
    .option('--log <file>', 'read an existing log instead of running the script')
    .option('--space <file>', 'search space written for Optuna, Ray Tune (Python) or W&B (sweep in YAML or JSON)')
    .option('--force', 'overwrite an existing ansatz.yaml')
    .addOption(json())
    .action(async (words: string[], options: object) => (await import('./init.ts')).init(words, options));

  top
    .command('run [config]')
    .description('work on a study until its budget, deadline or space ends; resumes what was begun')
    .option('--dry-run', 'show what would be done and what it may cost, start nothing')
    .option('--runs <n>', 'budget: number of runs')
    .option('--wall <time>', 'budget: time the lab works, e.g. 2h')
    .option('--device <time>', 'budget: devices × time, e.g. 8h')
    .option('--money <amount>', 'budget: money, at the price per device-hour of ansatz.yaml')
    .option('--deadline <when>', 'e.g. 2026-11-22T08:00 or +8h')
    .option('--slots <n>', 'runs at a time')
    .option('--sampler <name>', 'auto, random, sobol, tpe, gp or cmaes')
    .option('--pruner <name>', 'auto, forecast, median, asha, halving, hyperband, freeze-thaw or none')
    .option('--seed <n>', "seed of the lab's own randomness")
    .option('--study <name>', 'name of the study (default: name in ansatz.yaml)')
    .option('--new', 'start another study instead of going on with the last')
    .option('--ui', 'also serve the dashboard while it works, and print its link')
    .option('--plain', 'one line per event even on a terminal')
    .addOption(json())
    .action(async (config: string | undefined, options: object) => (await import('./run.ts')).run(config, options));

  top
    .command('ui')
    .description('the dashboard in a browser: watch a study live, compare, steer; on this machine only')
    .addOption(study())
    .option('--port <n>', 'port to listen on, 0 = any that is free', '0')
    .option('--host <address>', 'address to listen on; beyond this machine only with --token', '127.0.0.1')
    .option(
      '--allow-host <name>',
      'a name it may be called by, for a proxy; may be repeated',
      (name: string, before: string[] | undefined) => [...(before ?? []), name],
    )
    .option('--token', 'print the token that programs send')
    .addOption(json())
    .action(async (options: object) => (await import('./ui.ts')).ui(options));

  top
    .command('watch')
    .description('a study on the whole terminal: board, trials, one trial, its log; steered by keys (?)')
    .addOption(study())
    .option('--plain', 'one line per event even on a terminal')
    .action(async (options: object) => (await import('./watch/index.ts')).watch(options));

  top
    .command('repeat <trial>')
    .description('run a trial again on fresh seeds, and judge it anew')
    .addOption(study())
    .option('--more <n>', 'how many runs', '1')
    .action(async (trial: string, options: object) => (await import('./steer.ts')).repeat(trial, options));

  top
    .command('kill <run>')
    .description('stop one run now; what it used is charged')
    .addOption(study())
    .action(async (run: string, options: object) => (await import('./steer.ts')).kill(run, options));

  top
    .command('note <trial> [words...]')
    .description('write something on a trial, for people')
    .addOption(study())
    .option('--tag <tag>', 'a word to find it by; may be repeated', (tag: string, before: string[] | undefined) => [
      ...(before ?? []),
      tag,
    ])
    .option('--by <person>', 'who says it')
    .action(async (trial: string, words: string[], options: object) =>
      (await import('./steer.ts')).note(trial, words, options),
    );

  top
    .command('status')
    .description('a study at a glance')
    .addOption(study())
    .addOption(json())
    .option('--all', 'all studies of this folder, a line each')
    .action(async (options: object) => (await import('./status.ts')).status(options));

  top
    .command('trials')
    .description('all trials, a line each')
    .addOption(study())
    .addOption(json())
    .option('--verdict <verdict>', 'only keep, discard, inconclusive or crash')
    .option('--sort <by>', 'trial, value or effect', 'trial')
    .option('--last <n>', 'only the newest n')
    .action(async (options: object) => (await import('./trials.ts')).trials(options));

  top
    .command('tree [trial]')
    .description(
      'what departs from what, indented, with verdicts and effects; of one trial: its line and what came of it',
    )
    .addOption(study())
    .addOption(json())
    .option('--all', 'also the trials that came to nothing and that nothing departs from')
    .action(async (trial: string | undefined, options: object) => (await import('./tree.ts')).tree(trial, options));

  top
    .command('ideas')
    .description('the ideas in words, and what became of each')
    .addOption(study())
    .addOption(json())
    .action(async (options: object) => (await import('./tree.ts')).ideas(options));

  top
    .command('show <trial>')
    .description('one trial: what changed, its curve, the verdict and why, its log; or "knobs": which mattered')
    .addOption(study())
    .addOption(json())
    .option('--log', 'the whole log of its last run')
    .option('--diff', 'how its code differs from that of its parent, as a patch')
    .option('--metric <name>', 'the curve to draw (default: the objective)')
    .action(async (trial: string, options: object) => (await import('./show.ts')).show(trial, options));

  top
    .command('mcp')
    .description('the lab as tools of a coding agent, over the Model Context Protocol on stdin and stdout, or HTTP')
    .option('--http', 'serve over HTTP on this machine instead, beside the dashboard; prints address and token')
    .option('--port <n>', 'port of --http, 0 = any that is free', '0')
    .action(async (options: object) => (await import('./mcp.ts')).mcp(options));

  top
    .command('skill')
    .description(
      'how a coding agent works with the lab, as a skill file: ansatz skill > .claude/skills/ansatz/SKILL.md',
    )
    .action(async () => (await import('./skill.ts')).skill());

  top
    .command('idea <text>')
    .description('queue an idea in words: the language model makes a change of it')
    .addOption(study())
    .option('--by <person>', 'whose idea it is; its runs are paid from that person’s budget')
    .action(async (text: string, options: object) => (await import('./idea.ts')).noteIdea(text, options));

  top
    .command('diff <a> <b>')
    .description('how the code of trial b differs from that of trial a, as a patch; 1 is the script as it is')
    .addOption(study())
    .action(async (a: string, b: string, options: object) => (await import('./code.ts')).diff(a, b, options));

  top
    .command('apply <trial>')
    .description('make the change of a trial a branch of your repository, for you to merge')
    .addOption(study())
    .option('--branch <name>', 'its name (default: ansatz/<study>-<trial>)')
    .action(async (trial: string, options: object) => (await import('./code.ts')).apply(trial, options));

  top
    .command('try [settings...]')
    .description('queue an idea of your own: lr=0.1 layers=4; the rest stays as in the best trial so far')
    .addOption(study())
    .option('--patch <file>', 'a change of the code: a unified diff, - for standard input')
    .option(
      '--file <path=file>',
      'a change of the code: this file becomes what that one holds; may be repeated',
      (pair: string, before: string[] | undefined) => [...(before ?? []), pair],
    )
    .option('--why <text>', 'the hypothesis, in words')
    .option('--by <person>', 'whose idea it is; it is paid from that person’s budget')
    .option('--bet <name>', 'the line of enquiry it belongs to')
    .action(async (settings: string[], options: object) => (await import('./idea.ts')).tryIdea(settings, options));

  top
    .command('bet <open|close> <name>')
    .description('close a line of enquiry, open it again, or promise it a share of the compute')
    .addOption(study())
    .option('--floor <share>', 'share it gets at least, e.g. 20%')
    .option('--cap <share>', 'share it gets at most')
    .action(async (what: string, name: string, options: object) =>
      (await import('./idea.ts')).steerBet(what, name, options),
    );

  top
    .command('best')
    .description('the best trial that survived judging, to use elsewhere')
    .addOption(study())
    .addOption(new Option('--as <form>', 'how to print it').choices(['argv', 'env', 'patch', 'yaml', 'json']))
    .option('--believed', 'the one believed to be the best, proven or not')
    .addOption(json())
    .action(async (options: object) => (await import('./best.ts')).best(options));

  top
    .command('report')
    .description('one self-contained HTML file: what was spent, gained, learned')
    .addOption(study())
    .option('--md', 'Markdown on standard output instead')
    .option('-o, --output <file>', 'where to write it (default: report.html in the study)')
    .addOption(json())
    .action(async (options: object) => (await import('./report.ts')).report(options));

  top
    .command('digest')
    .description('what happened lately: found, refuted, paid, surprising, to be decided')
    .addOption(study())
    .option('--since <time>', 'how far back', '24h')
    .option('--as <form>', 'md, mail (a message to send on) or rss', 'md')
    .addOption(json())
    .action(async (options: object) => (await import('./digest.ts')).digest(options));

  top
    .command('export')
    .description('trials, runs and metric points as tables for spreadsheets and notebooks')
    .addOption(study())
    .option('--as <form>', 'csv, json (a line each) or parquet', 'csv')
    .option('--table <name>', 'only trials, runs or points')
    .option('-o, --output <folder>', 'where to (default: <study>-export), - for standard output')
    .action(async (options: object) => (await import('./export.ts')).exportStudy(options));

  top
    .command('audit <log...>')
    .description(
      'what a log of experiments is worth: which gains stand clear of noise, what was repeated, dropped too early',
    )
    .option('--html <file>', 'also write a page')
    .option('--noise-sd <x>', 'standard deviation of one run (default: measured from repeats in the log)')
    .option('--metric <column>', 'the column of the metric')
    .option('--direction <min|max>', 'what is better')
    .option('--status-column <column>', 'the column of the verdicts')
    .option('--baseline <row>', 'row that gains are counted from: its line, id, commit or text')
    .addOption(json())
    .action(async (files: string[], options: object) => (await import('./audit.ts')).audit(files, options));

  top
    .command('import <log>')
    .description('take the log of another tool into a study as history: it tells the search where to look first')
    .option('--into <folder>', 'folder of the project (default: here)')
    .option('--metric <column>', 'the column of the metric')
    .option('--direction <min|max>', 'what is better in the log')
    .option('--status-column <column>', 'the column of the verdicts')
    .addOption(study())
    .addOption(json())
    .action(async (file: string, options: object) => (await import('./import.ts')).importLog(file, options));

  addScale(top, study, json);

  const memory = top
    .command('memory')
    .description('what all studies of the project have taught (search, show, lessons, export)');
  memory
    .command('search <words...>')
    .description('the experiments nearest to some words or knobs')
    .option('--most <n>', 'how many', '10')
    .option('--tokens <n>', 'instead: what a researcher would be told, within so many tokens')
    .addOption(study())
    .addOption(json())
    .action(async (words: string[], options: object) => (await import('./memory.ts')).searchMemory(words, options));
  memory
    .command('show <id>')
    .description('a record or a lesson: what was done, what came of it, what is linked with it')
    .addOption(study())
    .addOption(json())
    .action(async (id: string, options: object) => (await import('./memory.ts')).showMemory(id, options));
  memory
    .command('lessons')
    .description('what the experiments add up to: contradictions first, then effects, then a line for each knob')
    .option('--most <n>', 'how many', '30')
    .addOption(study())
    .addOption(json())
    .action(async (options: object) => (await import('./memory.ts')).memoryLessons(options));
  memory
    .command('export')
    .description('every record as a line of JSON')
    .addOption(study())
    .action(async (options: object) => (await import('./memory.ts')).exportMemory(options));

  for (const [name, text] of [
    ['stop', 'start no more runs and end when those under way have (--now: stop them too)'],
    ['pause', 'start no more runs until resumed'],
    ['resume', 'go on after a pause'],
  ] as const) {
    const command = top.command(name).description(text).addOption(study());
    if (name === 'stop') command.option('--now', 'stop the runs under way');
    command.action(async (options: object) => (await import('./steer.ts')).steer(name, options));
  }

  top
    .command('doctor')
    .description('check this machine, the folder and the studies in it')
    .option(
      '--journal <how>',
      'put a journal right that somebody has changed: cut it before the first such event, or accept it',
    )
    .addOption(study())
    .addOption(json())
    .action(async (options: object) => (await import('./doctor.ts')).doctor(options));

  return top;
}
