import { expect, test } from 'vitest';
import { formatVia } from '../../config/via.ts';
import { scripts } from './scripts.ts';

/** One line a find. */
function found(text: string, file: string): string[] {
  return scripts(text, file).knobs.map(({ name, kind, initial, via, choices, line, help, why }) => {
    const value = initial === undefined || !('value' in initial) ? '?' : String(initial.value);
    const more = [choices?.join('|'), help === undefined ? undefined : `“${help}”`, why].filter(
      (one) => one !== undefined,
    );
    return [`${line}: ${name} ${kind} = ${value} (${formatVia(via)})`, ...more].join(' ');
  });
}

test('R: optparse, argparse and variables of the environment', () => {
  const text = `library(optparse)
options <- list(
  make_option(c("-l", "--lr"), type = "double", default = 1e-3, help = "step size (Adam)"),
  make_option("--epochs", help = "passes; default = 5", type="integer", default=20L),
  make_option("--batch", type="integer", default = 8 * 4),
  make_option("--amp", action = "store_true", default = FALSE),
  make_option("--optimizer", type = "character", default = 'adam') # make_option("--old", default = 3)
)
parser$add_argument("--weight-decay", type = "double", default = 0.01)
hidden <- as.integer(Sys.getenv("HIDDEN", "64"))
dropout <- as.numeric(Sys.getenv("DROPOUT", unset = "0.1"))
flag <- Sys.getenv("AUGMENT", "TRUE") == "TRUE"
`;
  expect(found(text, 'train.R')).toEqual([
    '10: HIDDEN int = 64 (env HIDDEN)',
    '11: DROPOUT float = 0.1 (env DROPOUT)',
    '12: AUGMENT bool = TRUE (env AUGMENT) FALSE|TRUE',
    '3: lr float = 0.001 (--lr=) “step size (Adam)”',
    '4: epochs int = 20 (--epochs=) “passes; default = 5”',
    '5: batch int = ? (--batch=)',
    '6: amp bool = false (switch --amp)',
    '7: optimizer text = adam (--optimizer=)',
    '9: weight_decay float = 0.01 (--weight-decay)',
  ]);
});

test('Julia: ArgParse and variables of the environment', () => {
  const text = `using ArgParse
s = ArgParseSettings()
@add_arg_table! s begin
    "--lr", "-l"
        help = "step size"
        arg_type = Float64
        default = 0.1
    # "--gone"
    "--layers"
        arg_type = Int
        default = 3
    "--amp"
        action = :store_true
end
seed = parse(Int, get(ENV, "SEED", "1"))
momentum = parse(Float64, get(ENV, "MOMENTUM", "1"))
name = get(ENV, "OPTIMIZER", "adam")
`;
  expect(found(text, 'train.jl')).toEqual([
    '15: SEED int = 1 (env SEED)',
    '16: MOMENTUM float = 1 (env MOMENTUM)',
    '17: OPTIMIZER text = adam (env OPTIMIZER)',
    '4: lr float = 0.1 (--lr=) “step size”',
    '9: layers int = 3 (--layers=)',
    '12: amp bool = false (switch --amp)',
  ]);
});

test('Perl, Ruby and Lua: Getopt::Long and variables of the environment', () => {
  const perl = `my $lr = 0.05; my $steps = 100; my $verbose = 0;
GetOptions("lr|l=f" => \\$lr, 'steps=i' => \\$steps, "verbose" => \\$verbose);
my $width = $ENV{WIDTH} // 32;  # $ENV{OLD} // 1
my $last = $#steps + ($ENV{"DEPTH"} || '2');
`;
  expect(found(perl, 'train.pl')).toEqual([
    '3: WIDTH int = 32 (env WIDTH)',
    '4: DEPTH int = 2 (env DEPTH)',
    '2: lr float = 0.05 (--lr=)',
    '2: steps int = 100 (--steps=)',
    '2: verbose bool = false (switch --verbose)',
  ]);
  const ruby = `lr = ENV.fetch('LR', '0.1').to_f\nsteps = (ENV["STEPS"] || "40").to_i\nname = ENV.fetch("KIND", "b")\n`;
  expect(found(ruby, 'train.rb')).toEqual([
    '1: LR float = 0.1 (env LR)',
    '2: STEPS int = 40 (env STEPS)',
    '3: KIND text = b (env KIND)',
  ]);
  const lua = `local lr = tonumber(os.getenv("LR") or 0.1) -- os.getenv("NO") or 1\nlocal n = os.getenv('N') or "8"\n`;
  expect(found(lua, 'train.lua')).toEqual(['1: LR float = 0.1 (env LR)', '2: N int = 8 (env N)']);
});

test('any text is borne', () => {
  for (const text of [
    '',
    'make_option(',
    'make_option(c("--lr", ((',
    '@add_arg_table s begin',
    'get(ENV, "',
    '"""#\n\'',
    '\0',
  ])
    expect(scripts(text, 'train.R').knobs.length).toBeLessThan(2);
});
