/** How a report looks: system fonts, two themes, print. Colours after Okabe & Ito (2008), which the colour-blind can tell apart. */

/** The colours of both themes: the dashboard has the same. */
export const LIGHT = `--paper:#fff;--ink:#1b1d1f;--soft:#5f6468;--rule:#e3e4e2;--wash:#f5f5f3;
--keep:#0067a8;--discard:#a2a5a6;--inconclusive:#b97900;--crash:#c8450c;--open:#8a63a8;
--second:#3f9fd0;--reference:#54585b;--band:rgba(0,103,168,.13);--faint:rgba(110,115,118,.28)`;
export const DARK = `--paper:#15171a;--ink:#e9e9e6;--soft:#a3a7a9;--rule:#32363a;--wash:#1e2125;
--keep:#62b4f0;--discard:#6f7477;--inconclusive:#eeb140;--crash:#ff8350;--open:#bb97d8;
--second:#2f83ad;--reference:#b9bdbf;--band:rgba(98,180,240,.17);--faint:rgba(160,165,168,.24)`;

/** What is drawn. */
export const FIGURE_STYLE = `svg{display:block;max-width:100%;height:auto;overflow:visible}
svg.narrow{display:none}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:var(--ink);font-variant-numeric:tabular-nums}
svg text.tick,svg text.note{fill:var(--soft)}
svg text.name{fill:var(--soft)}
svg text.title{font-weight:650;font-size:13px}
svg text.best{fill:var(--keep);font-weight:600}
svg text.second{fill:var(--second)}
svg text.reference{fill:var(--reference)}
.axis{stroke:var(--soft);stroke-width:1}
.grid{stroke:var(--rule);stroke-width:1}
.line{fill:none;stroke-linejoin:round;stroke-linecap:round}
.line.best{stroke:var(--keep);stroke-width:2.5}
.line.thin{stroke-width:1.7}
.line.reference{stroke:var(--reference);stroke-width:1.5}
.line.second{stroke:var(--second);stroke-width:1.2}
.line.faint{stroke:var(--faint);stroke-width:1}
.band{fill:var(--band)}
line.reference{stroke:var(--reference);stroke-width:1.2;stroke-dasharray:4 4}
line.guide{stroke-width:1.2}
line.guide.reference{stroke:var(--reference);stroke-dasharray:3 3}
line.guide.best{stroke:var(--keep)}
.mark{fill:none;stroke-linecap:round;stroke-width:6.5}
.mark.keep{stroke:var(--keep);stroke-width:9}
.mark.discard{stroke:var(--discard);stroke-width:5}
.mark.inconclusive{stroke:var(--inconclusive);stroke-width:7}
.mark.crash{stroke:var(--crash);stroke-width:1.8;stroke-linecap:butt}
.mark.open{stroke:var(--open)}
.mark.hole{stroke:var(--paper);stroke-width:2.6}
.mark.many{stroke-width:3.2}
.mark.many.keep{stroke-width:8}
.mark.many.crash{stroke-width:1}
.mark.mean{stroke-width:3;stroke-linecap:butt}
.mark.single{stroke-width:5;opacity:.6}
.mark.mean.best,.mark.single.best{stroke:var(--keep)}
.mark.mean.reference,.mark.single.reference{stroke:var(--reference)}
line.interval{stroke-width:2;stroke-dasharray:none}
line.interval.best{stroke:var(--keep)}
line.interval.reference{stroke:var(--reference)}
.track{fill:var(--rule)}.used{fill:var(--keep)}.held{fill:var(--second)}
.fill-reference{fill:var(--reference)}.fill-keep{fill:var(--keep)}.fill-discard{fill:var(--discard)}
.fill-inconclusive{fill:var(--inconclusive)}.fill-crash{fill:var(--crash)}.fill-open{fill:var(--open)}
.span{fill:none}
.span.done{stroke:var(--second)}.span.baseline{stroke:var(--reference)}.span.stopped{stroke:var(--discard)}
.span.failed,.span.lost{stroke:var(--crash)}.span.running,.span.paused{stroke:var(--open)}
`;

/** Verdicts and states, with a sign besides the colour. */
export const VERDICT_STYLE = `.v{display:inline-block;white-space:nowrap}
.v::before{content:"";display:inline-block;width:8px;height:8px;border-radius:50%;margin-right:7px;background:currentColor;vertical-align:1px}
.v.keep{color:var(--keep)}.v.inconclusive{color:var(--inconclusive)}.v.crash{color:var(--crash)}
.v.baseline{color:var(--reference)}.v.open{color:var(--open)}
.v.done{color:var(--second)}.v.stopped{color:var(--soft)}.v.failed,.v.lost{color:var(--crash)}
.v.stopped::before{background:var(--discard)}
.v.discard{color:var(--soft)}.v.running,.v.paused,.v.queued{color:var(--open)}
.v.crash::before{content:"×";background:none;width:auto;height:auto;font-weight:700}
.v.inconclusive::before{background:none;border:2px solid currentColor}
.v.discard::before{background:var(--discard)}
`;

export const STYLE = `
:root{color-scheme:light dark;
${LIGHT}}
@media (prefers-color-scheme:dark){:root{
${DARK}}}
*,*::before{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:900px;margin:0 auto;padding:44px 20px 72px}
header .where{color:var(--soft);font-size:14px;margin:0 0 14px}
h1{font-size:31px;line-height:1.2;font-weight:650;letter-spacing:-.015em;margin:0 0 10px;text-wrap:balance;overflow-wrap:anywhere}
h2{font-size:20px;line-height:1.3;font-weight:650;margin:64px 0 4px;letter-spacing:-.005em}
header+section h2{margin-top:38px}
h3{font-size:15px;font-weight:650;margin:28px 0 6px}
p{margin:0 0 12px;overflow-wrap:anywhere}
.under{font-size:17px;color:var(--soft);max-width:72ch;margin:0 0 26px}
.lead{color:var(--soft);font-size:14.5px;max-width:76ch;margin:0 0 16px}
dl.story{display:grid;grid-template-columns:96px 1fr;gap:9px 18px;margin:26px 0 0;padding:20px 0 0;border-top:1px solid var(--rule)}
dl.story dt{color:var(--soft);font-size:14px;line-height:25px}
dl.story dd{margin:0;max-width:76ch;overflow-wrap:anywhere}
.caution{border-left:3px solid var(--inconclusive);padding:2px 0 2px 13px;margin:18px 0 0;max-width:80ch;font-size:14.5px}
.chip{display:inline-block;font-size:13px;border:1px solid var(--rule);border-radius:3px;padding:0 7px;margin-left:8px;color:var(--soft)}
pre{background:var(--wash);padding:12px 14px;margin:0 0 12px;overflow-x:auto;border-radius:4px;
font:13px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;tab-size:4}
pre.wrap{white-space:pre-wrap;overflow-wrap:anywhere}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
.code{position:relative}
.code .b{display:inline-block;max-width:100%;vertical-align:top}
.code button{position:absolute;right:7px;top:7px}
.code pre.wrap{padding-right:76px}
button,select,input{font:inherit;font-size:13px;color:inherit;background:var(--paper);border:1px solid var(--rule);border-radius:4px;padding:3px 9px}
button{cursor:pointer}
:focus-visible{outline:2px solid var(--keep);outline-offset:1px}
.tools{display:flex;gap:8px;margin:0 0 10px;flex-wrap:wrap;align-items:center;font-size:13px;color:var(--soft)}
.tools[hidden],button[hidden]{display:none}
.scroll{overflow-x:auto;margin:0 0 8px}
table{border-collapse:collapse;font-size:13.5px;line-height:1.45;width:100%}
th{font-weight:600;text-align:left;color:var(--soft);font-size:12.5px;vertical-align:bottom}
th,td{padding:5px 14px 5px 0;border-bottom:1px solid var(--rule)}
td{vertical-align:top}
th:last-child,td:last-child{padding-right:0}
td.n,th.n{text-align:right;white-space:nowrap}
td.w{white-space:nowrap}
td.same{color:var(--soft);opacity:.75}
.broad{width:min(1280px,100vw - 40px);margin-left:calc((min(860px,100vw - 40px) - min(1280px,100vw - 40px))/2)}
td.long{min-width:190px;overflow-wrap:break-word}
th button{border:0;padding:0;background:none;font-weight:600;font-size:12.5px;color:inherit;text-align:inherit}
th[aria-sort=ascending] button::after{content:" ↑"}
th[aria-sort=descending] button::after{content:" ↓"}
table.small{width:auto;min-width:340px}
tr.best td{background:var(--wash)}
${VERDICT_STYLE}.muted{color:var(--soft)}
.key{font-size:13px;color:var(--soft);margin:0 0 8px;display:flex;flex-wrap:wrap;gap:2px 18px}
.key.after{margin:10px 0 0}
figure{margin:14px 0 0}
figcaption{color:var(--soft);font-size:13px;max-width:84ch;margin-top:8px}
${FIGURE_STYLE}.slices{display:grid;grid-template-columns:repeat(auto-fill,minmax(250px,1fr));gap:22px 16px;margin-top:16px}
details{margin:0 0 12px}
summary{cursor:pointer;overflow-wrap:anywhere}
details>pre{margin-top:8px}
footer{margin-top:56px;padding-top:14px;border-top:1px solid var(--rule);color:var(--soft);font-size:13px}
@media (max-width:640px){
main{padding:24px 16px 48px}
h1{font-size:25px}
.chip{margin-left:0}
h2{margin-top:48px}
.broad{width:auto;margin-left:0}
.under{font-size:16px}
dl.story{grid-template-columns:1fr;gap:0}
dl.story dd{margin-bottom:11px}
svg.wide{display:none}
svg.narrow{display:block;width:100%;max-width:460px}
.slices{grid-template-columns:1fr}
svg.slice{width:100%;max-width:400px}
}
@media print{
:root{--paper:#fff;--ink:#000;--soft:#4a4d50;--rule:#d5d6d4;--wash:#f5f5f3;--keep:#0067a8;--discard:#a2a5a6;--inconclusive:#b97900;--crash:#c8450c;--open:#8a63a8;--second:#3f9fd0;--reference:#54585b;--band:rgba(0,103,168,.13);--faint:rgba(110,115,118,.28)}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
body{font-size:10.5pt}
main{max-width:none;padding:0}
h1{font-size:20pt}
h2{font-size:13pt;margin-top:26pt;break-after:avoid}
.lead,h3{break-after:avoid}
figure,.code,tr,svg,details{break-inside:avoid}
svg.wide{display:block}svg.narrow{display:none}
.slices{grid-template-columns:repeat(2,1fr)}
.tools,button{display:none!important}
th button{display:inline!important}
table{font-size:8.5pt}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:8pt}
.scroll{overflow:visible}
.broad{width:auto;margin-left:0}
td.long{min-width:110px}
#trials{font-size:7pt}
#trials th,#trials td{padding-right:7px}
#trials th{font-size:7pt}
}
@page{margin:16mm 15mm}
`;
