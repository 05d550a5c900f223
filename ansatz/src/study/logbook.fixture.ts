/**
 * A public log of 126 five-minute trainings (karpathy/autoresearch, branch exp/H100/mar8, results.tsv), as numbers: validation
 * loss, k(eep) d(iscard) c(rash), and a number for changes that were tried more than once. Its descriptions are not here.
 */
const ROWS = `
0.997900k 0.986041k 0.981773k 0.982603d 0.981201k 0.980903k 0.979969k 0.978784k 0.975524k 0.975895d 0.974729k
0.974119k 0.974903d1 0.973104k 0.973799d 0.000000c 0.974134d 0.973824d 0.973659d 0.979340d 0.973177d 0.972849k
0.973385d 0.973121d 0.973130d 0.978313d 0.974490d 0.973658d 0.973706d 0.973076d 0.973339d 0.973119d 0.972821d2
0.976114d 0.973828d 0.979735d 0.973894d3 0.972779k 0.974038d 0.974356d 0.972694k 0.972847d 0.979754d 0.975033d
0.975328d 0.973469d 0.972844d 0.974912d 0.973105d 0.974639d 0.976462d 0.973059d 0.972712d4 0.974123d 0.974331d
0.972982d 0.974655d 0.975285d 0.974190d 0.983719d 0.973312d 0.973803d 0.973173d 0.973005d5 0.976203d 0.973088d
0.972258k 0.972721d 0.972128k 0.973025d 0.972587d 0.972776d 0.973847d 0.972901d 0.973155d 0.973155d 0.975790d
0.972216d 0.973361d 0.972877d 0.975964d 0.972901d 0.972495d 0.972621d 0.973493d 0.979987d 0.973545d 0.973831d
3.215849d 0.975852d 0.973423d 0.974314d 0.974046d 0.972335d 0.972097k 0.972350d 0.972731d 0.973000d 0.973723d
0.974043d 0.972632d 0.972744d 0.972009k 0.972438d6 0.971058k 0.970655k 0.970433k 0.970644d 0.970703d6 0.970612d
0.970758d 0.969952k3 0.970767d 0.970759d 0.970106d6 0.971004d1 0.970040d 0.970573d 0.969686k 0.970244d 0.969714d5
0.970135d 0.970678d 0.970212d2 0.969857d4 0.970286d
`;

/** The log as TSV, with made-up descriptions that repeat where the real ones do. Row 15 is a run with another seed. */
export function publicLog(): string {
  const words: Readonly<Record<string, string>> = { k: 'keep', d: 'discard', c: 'crash' };
  const rows = ROWS.trim()
    .split(/\s+/)
    .map((cell, i) => {
      const [, value, status, again] = /^([\d.]+)([kdc])(\d*)$/.exec(cell)!;
      // The remarks differ, the change does not.
      const change = again === '' ? `change no ${i}` : `Tried again #${again} ${i % 2 === 0 ? '(once more)' : ''}`;
      const text = i === 0 ? 'baseline' : i === 14 ? 'random seed 42 to 137' : change;
      return [`c${i}`, value, '60.2', words[status!], text].join('\t');
    });
  return ['commit\tval_bpb\tmemory_gb\tstatus\tdescription', ...rows, ''].join('\n');
}
