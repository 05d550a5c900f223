/** Words to the lab. What spends or destroys is asked about first; what was posted is said. */

import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactElement, type ReactNode, useEffect, useRef, useState } from 'react';
import { type Board, get, Refused, steer, type Wish } from '../api.ts';

/** Posts a wish of the study, with the question before it where there is one. */
export function useSteer(study: string): { readonly ask: (wish: Wish) => void; readonly dialog: ReactElement | null } {
  const [open, setOpen] = useState<{ wish: Wish; question: string } | undefined>();
  const [said, setSaid] = useState<{ text: string; bad: boolean } | undefined>();
  useEffect(() => {
    if (said === undefined) return;
    const timer = setTimeout(() => setSaid(undefined), said.bad ? 9000 : 5000);
    return () => clearTimeout(timer);
  }, [said]);
  const post = useMutation({
    mutationFn: ({ wish, sure }: { wish: Wish; sure: boolean }) => steer(study, wish, sure),
    onSuccess: (answer, { wish }) => {
      if (!answer.posted && answer.ask !== undefined) setOpen({ wish, question: answer.ask });
      else {
        setOpen(undefined);
        setSaid({ text: answer.said ?? 'done', bad: false });
      }
    },
    onError: (error) => {
      setOpen(undefined);
      const fix = error instanceof Refused && error.fix !== undefined ? ` (${error.fix})` : '';
      setSaid({ text: `${error.message}${fix}`, bad: true });
    },
  });
  const dialog = (
    <>
      {open !== undefined && (
        <Modal close={() => setOpen(undefined)} title="Are you sure?">
          <p>{open.question}</p>
          <div className="row">
            <button
              type="button"
              className="primary"
              autoFocus
              onClick={() => post.mutate({ wish: open.wish, sure: true })}
            >
              Yes
            </button>
            <button type="button" onClick={() => setOpen(undefined)}>
              No
            </button>
          </div>
        </Modal>
      )}
      {said !== undefined && (
        <div className={`toast ${said.bad ? 'bad' : ''}`} role="status">
          {said.text}
        </div>
      )}
    </>
  );
  return { ask: (wish) => post.mutate({ wish, sure: false }), dialog };
}

/** A dialog of the browser: Esc closes it, the keyboard stays inside. */
export function Modal({
  title,
  close,
  children,
}: {
  title: string;
  close: () => void;
  children: ReactNode;
}): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} onClose={close} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </dialog>
  );
}

/** The buttons in the bar. */
export function Steering({ study }: { study: string }): ReactElement | null {
  const board = useQuery({
    queryKey: ['study', study, 'board'],
    queryFn: ({ signal }) => get<Board>(`/studies/${study}/board`, {}, signal),
  });
  const { ask, dialog } = useSteer(study);
  const [form, setForm] = useState<'budget' | 'idea' | undefined>();
  const status = board.data?.status;
  if (status === undefined) return null;
  const lab = status.open && status.phase !== 'ended';
  return (
    <span className="steer">
      {lab && status.phase === 'running' && (
        <button type="button" onClick={() => ask({ do: 'pause' })}>
          Pause
        </button>
      )}
      {lab && status.phase === 'paused' && (
        <button type="button" onClick={() => ask({ do: 'resume' })}>
          Resume
        </button>
      )}
      {lab && (
        <button type="button" onClick={() => ask({ do: 'stop' })}>
          Stop…
        </button>
      )}
      {lab && (
        <button type="button" onClick={() => setForm('budget')}>
          Budget…
        </button>
      )}
      <button type="button" onClick={() => setForm('idea')}>
        Try…
      </button>
      {form === 'budget' && (
        <BudgetForm
          board={board.data!}
          close={() => setForm(undefined)}
          ask={(wish) => {
            setForm(undefined);
            ask(wish);
          }}
        />
      )}
      {form === 'idea' && (
        <IdeaForm
          close={() => setForm(undefined)}
          ask={(wish) => {
            setForm(undefined);
            ask(wish);
          }}
        />
      )}
      {dialog}
    </span>
  );
}

function BudgetForm({
  board,
  close,
  ask,
}: {
  board: Board;
  close: () => void;
  ask: (wish: Wish) => void;
}): ReactElement {
  const { budget, spent } = board.status;
  const rows = [
    ['runs', 'runs', budget.runs, spent.runs],
    ['deviceSeconds', 'device time, seconds', budget.deviceSeconds, spent.deviceSeconds],
    ['money', 'money', budget.money, spent.money],
    ['wallSeconds', 'clock, seconds', budget.wallSeconds, spent.wallSeconds],
  ] as const;
  const [values, setValues] = useState<Record<string, string>>({});
  return (
    <Modal title="Budget" close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const given = Object.entries(values).filter(([, value]) => value.trim() !== '');
          ask({ do: 'budget', ...Object.fromEntries(given.map(([name, value]) => [name, Number(value)])) });
        }}
      >
        {rows.map(([name, label, cap, used]) => (
          <label key={name} className="field">
            <span>{label}</span>
            <input
              type="number"
              min={Math.ceil(used)}
              step="any"
              placeholder={cap === undefined ? 'no limit' : String(Math.round(cap * 100) / 100)}
              value={values[name] ?? ''}
              onChange={(event) => setValues({ ...values, [name]: event.target.value })}
            />
            <span className="muted">{Math.round(used * 100) / 100} spent</span>
          </label>
        ))}
        <FormEnd word="Change" close={close} />
      </form>
    </Modal>
  );
}

function IdeaForm({ close, ask }: { close: () => void; ask: (wish: Wish) => void }): ReactElement {
  const [settings, setSettings] = useState('');
  const [why, setWhy] = useState('');
  return (
    <Modal title="Try something" close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const words = settings
            .trim()
            .split(/\s+/)
            .filter((word) => word !== '');
          const reason = why.trim();
          // Settings are run as they are; words alone are for a model to make a change of.
          if (words.length > 0) ask({ do: 'try', settings: words, ...(reason === '' ? {} : { why: reason }) });
          else ask({ do: 'idea', text: reason });
        }}
      >
        <label className="field wide">
          <span>settings, from the best trial so far</span>
          <input
            value={settings}
            placeholder="lr=0.01 layers=4"
            autoFocus
            onChange={(event) => setSettings(event.target.value)}
          />
        </label>
        <label className="field wide">
          <span>why; or an idea in words, for the language model of the study</span>
          <textarea rows={3} value={why} onChange={(event) => setWhy(event.target.value)} />
        </label>
        <FormEnd word="Queue" close={close} />
      </form>
    </Modal>
  );
}

/** The last row of a form: what sends it, and the way out. */
function FormEnd({ word, close }: { word: string; close: () => void }): ReactElement {
  return (
    <div className="row">
      <button type="submit" className="primary">
        {word}
      </button>
      <button type="button" onClick={close}>
        Cancel
      </button>
    </div>
  );
}
