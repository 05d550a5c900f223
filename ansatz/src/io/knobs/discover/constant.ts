/**
 * Constants a run can have patched: `LR = 0.1`, fields of a settings class, entries of a settings dictionary, keywords of
 * calls.
 */

import { bindings, type Constant, SEEDS } from '../constants.ts';
import * as py from './python.ts';
import type { Finds, Raw } from './raw.ts';
import { commentAfter, lineAt, type Source } from './source.ts';

const settings = /hyper|param|args|config|cfg|hps?$|hparam|settings|options|opts?$/i;

/** Calls whose keywords say how well a model learns, whatever they are called. */
const estimators = /(Classifier|Regressor|Regression|SVC|SVR|Ridge|Lasso|ElasticNet|Perceptron|NB)$/;
/** Calls that measure, split, draw, declare, save or tell something. */
const beside =
  /^(plt|ax\w*|fig\w*|sns|wandb|mlflow|log|logging|logger|writer|print|np|numpy|pd|pandas|os|sys|json|time|math|random|subprocess)\.|(split|fold|plot|hist|scatter|print|save|dump|load|sample|generate|predict|evaluate|score|add_argument|option|Option|Argument|field|Field|Param|EarlyStopping|tqdm|linspace|arange)$|(^|\.)(make_|fetch_|load_|read_|suggest_|DEFINE_)\w*$/i;

/** Constants of a file that are bound once and reach the script. */
export function constants(source: Source): Finds {
  const { constants: all, times } = bindings(source);
  const built = source.language === 'python' ? constructions(source) : new Map<string, Construction>();
  const enums = source.language === 'python' ? py.enumerations(source) : new Map<string, unknown>();
  const knobs: Raw[] = [];
  for (const constant of all) {
    if (constant.literal === undefined || constant.literal.kind === 'none' || constant.name === SEEDS) continue;
    const { callee } = constant;
    if (callee !== undefined && beside.test(callee)) continue;
    const keyword = callee === undefined ? undefined : /\((.*)\)$/.exec(constant.name)![1]!;
    const parts = keyword === undefined ? constant.name.split('.') : [keyword];
    // `p` says nothing without the layer it is of.
    const last = /^[a-z]$/.test(keyword ?? '') ? `${/\w+$/.exec(callee!)![0]}_${keyword}` : parts.at(-1)!;
    if (last.startsWith('_') || last.startsWith('-')) continue;
    // `options.lr.default` describes an option of the command line; it is no setting itself.
    if (parts.length > 2 && /^(type|default|short|alias|describe|description|multiple)$/.test(last)) continue;
    if (constant.scope === 'class' && enums.has(parts.at(-2)!)) continue;
    if (constant.scope === 'class' && !settings.test(parts.at(-2)!) && !built.get(parts.at(-2)!)?.dataclass) continue;
    const help = commentAfter(source, constant.to);
    knobs.push({
      name: last,
      via: { by: 'constant', file: source.file, name: constant.name },
      kind: constant.annotated === 'float' && constant.literal.kind === 'int' ? 'float' : constant.literal.kind,
      initial: constant.literal,
      file: source.file,
      line: lineAt(source.text, constant.from),
      loose: isLoose(constant, last, parts),
      ...meant(callee, keyword),
      ...(help && { help }),
      ...whyNot(constant, times, built, parts),
    });
  }
  return { knobs };
}

/** The seed that calls such as `torch.manual_seed(42)` fix in place. */
export function fixedSeed(source: Source): Finds {
  const fixed = bindings(source).constants.find(({ name }) => name === SEEDS);
  if (fixed === undefined) return { knobs: [] };
  const { file, text } = source;
  const via = { by: 'constant', file, name: SEEDS } as const;
  return { knobs: [{ name: 'seed', via, kind: 'int', initial: fixed.literal, file, line: lineAt(text, fixed.from) }] };
}

/** What the keyword of a call is, where another call would mean something else by it. */
function meant(callee: string | undefined, keyword: string | undefined): Pick<Raw, 'meaning'> {
  if (callee === undefined || !/^(gamma|factor)$/.test(keyword!)) return {};
  if (/LR$|LROnPlateau$|Schedule\w*$|Decay$/.test(callee)) return { meaning: 'share' };
  return /SVC$|SVR$|XGB\w+$|KernelRidge$/.test(callee) ? { meaning: 'penalty' } : {};
}

function isLoose(constant: Constant, last: string, parts: readonly string[]): boolean {
  if (constant.scope === 'class') return false;
  if (constant.scope === 'call') return !estimators.test(constant.callee!);
  if (constant.scope === 'module') return !/^[A-Z][A-Z0-9_]*$/.test(last);
  return constant.scope === 'function' || !settings.test(parts[0]!);
}

function whyNot(
  constant: Constant,
  times: ReadonlyMap<string, number>,
  built: ReadonlyMap<string, Construction>,
  parts: readonly string[],
): { why?: string } {
  if ((times.get(constant.name) ?? 0) > 1) return { why: 'is set in more than one place' };
  const construction = constant.scope === 'class' ? built.get(parts.at(-2)!) : undefined;
  if (construction === undefined || construction.calls === 0) return {};
  if (construction.spread) return { why: `may be overridden where ${parts.at(-2)} is built` };
  if ((construction.given.get(parts.at(-1)!) ?? 0) === construction.calls) {
    return { why: `is always overridden where ${parts.at(-2)} is built` };
  }
  return {};
}

interface Construction {
  readonly dataclass: boolean;
  calls: number;
  spread: boolean;
  readonly given: Map<string, number>;
}

/** How each class of the file is built, to tell defaults that nobody ever uses. */
function constructions(source: Source): Map<string, Construction> {
  const found = new Map<string, Construction>();
  for (const [name, { decorators }] of py.definitions(source, 'ClassDefinition')) {
    const dataclass = decorators.some((call) => /(^|\.)(dataclass|define|s)$/.test(call.callee));
    found.set(name, { dataclass, calls: 0, spread: false, given: new Map() });
  }
  for (const call of py.calls(source)) {
    const construction = found.get(call.callee);
    if (construction === undefined) continue;
    construction.calls++;
    if (call.spread) construction.spread = true;
    for (const name of call.named.keys()) construction.given.set(name, (construction.given.get(name) ?? 0) + 1);
  }
  return found;
}
