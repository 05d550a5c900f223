/** What went wrong, where, and how to put it right. */

import type { ReactElement } from 'react';
import { Refused } from '../api.ts';

export function Failure({ error }: { error: unknown }): ReactElement {
  const refused = error instanceof Refused ? error : undefined;
  return (
    <div className="failure" role="alert">
      <p>{error instanceof Error ? error.message : 'something went wrong'}</p>
      {refused?.where !== undefined && refused.where !== '' && <pre>{refused.where}</pre>}
      {refused?.fix !== undefined && <p className="muted">{refused.fix}</p>}
    </div>
  );
}
