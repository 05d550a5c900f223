/** The report's only script: sort and filter the table of trials, copy code. Everything is readable without it. */

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
`;
