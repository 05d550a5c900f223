/** Figures of the report, with their dots as ways to the trials they stand for. */

import { useNavigate } from '@tanstack/react-router';
import type { MouseEvent, ReactElement, ReactNode } from 'react';

/** Both widths of a figure; the style sheet shows the one that fits. Text in it was escaped where it was made. */
export function Figure({
  svg,
  study,
  children,
}: {
  svg: string;
  study?: string;
  children?: ReactNode;
}): ReactElement | null {
  const navigate = useNavigate();
  if (svg === '') return null;
  const onClick = (event: MouseEvent): void => {
    const trial = (event.target as Element).closest('[data-trial]')?.getAttribute('data-trial');
    if (trial === null || trial === undefined || study === undefined) return;
    void navigate({ to: '/s/$study/trials/$trial', params: { study, trial } });
  };
  return (
    <figure onClick={onClick}>
      <div dangerouslySetInnerHTML={{ __html: svg }} />
      {children !== undefined && <figcaption>{children}</figcaption>}
    </figure>
  );
}
