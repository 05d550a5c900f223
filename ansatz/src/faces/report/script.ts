/** The report's only script: replay the study, sort and filter the table of trials, copy code. Everything is readable without it. */

export const SCRIPT = `
const table = document.getElementById('trials');
if (table) {
  const body = table.tBodies[0];
  const tools = document.getElementById('tools');
  const text = document.getElementById('filter');
  const verdict = document.getElementById('verdict');
  const shown = document.getElementById('shown');
  tools.hidden = false;
  const filter = () => {
    const words = text.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let count = 0;
    for (const row of body.rows) {
      const content = row.textContent.toLowerCase();
      const fits = (!verdict.value || row.dataset.verdict === verdict.value) && words.every((word) => content.includes(word));
      row.hidden = !fits;
      if (fits) count++;
    }
    shown.textContent = count === body.rows.length ? '' : count + ' of ' + body.rows.length + ' shown';
  };
  text.addEventListener('input', filter);
  verdict.addEventListener('change', filter);
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const up = head.getAttribute('aria-sort') !== 'ascending';
      for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      const key = (row) => {
        const cell = row.cells[column];
        return cell.hasAttribute('data-v') ? (cell.dataset.v === '' ? NaN : Number(cell.dataset.v)) : cell.textContent;
      };
      const rows = [...body.rows].map((row) => [key(row), row]);
      rows.sort(([a], [b]) => {
        if (typeof a === 'string') return (up ? 1 : -1) * a.localeCompare(b);
        if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
        return (up ? 1 : -1) * (a - b);
      });
      body.append(...rows.map(([, row]) => row));
    });
  });
}
if (navigator.clipboard) {
  for (const button of document.querySelectorAll('.code button')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(button.parentElement.querySelector('pre').textContent);
      button.textContent = 'Copied';
    });
  }
}
const replay = document.getElementById('replay');
if (replay) {
  const { spent, moments } = JSON.parse(document.getElementById('moments').textContent);
  const slider = document.getElementById('moment');
  const then = document.getElementById('then');
  const play = document.getElementById('play');
  const clips = [...document.querySelectorAll('clipPath[data-from]')];
  replay.hidden = false;
  const show = () => {
    const share = Number(slider.value) / 1000;
    for (const clip of clips) {
      const from = Number(clip.dataset.from);
      const to = Number(clip.dataset.to);
      // A dot is seen as soon as its middle is.
      clip.firstElementChild.setAttribute('width', share === 1 ? 10000 : from + share * (to - from) + 4);
    }
    let now = '';
    for (const moment of moments) {
      if (moment.at > share * spent + 1e-9) break;
      now = moment.text;
    }
    then.textContent = share === 1 ? '' : now;
  };
  slider.addEventListener('input', show);
  let timer;
  play.addEventListener('click', () => {
    clearInterval(timer);
    slider.value = 0;
    timer = setInterval(() => {
      slider.value = Number(slider.value) + 8;
      show();
      if (Number(slider.value) >= 1000) clearInterval(timer);
    }, 60);
  });
}
`;
