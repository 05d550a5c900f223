import fc from 'fast-check';
import { expect, test } from 'vitest';
import { simpleConfig } from './config.fixture.ts';
import type { Amount, EventBody } from './events/index.ts';
import { affords, EPSILON, free, overdrawn, RESOURCES, within } from './ledger.ts';
import { reduce } from './reduce.ts';
import type { State } from './state.ts';

const amount: fc.Arbitrary<Amount> = fc.record({
  runs: fc.constant(1),
  deviceSeconds: fc.double({ min: 0, max: 50, noNaN: true }),
  money: fc.double({ min: 0, max: 5, noNaN: true }),
});

type Step =
  | { readonly kind: 'run'; readonly trial: number; readonly hold: Amount }
  | { readonly kind: 'call'; readonly bet: string; readonly by: string; readonly hold: Amount }
  | { readonly kind: 'end'; readonly which: number; readonly share: number; readonly lost: boolean }
  | { readonly kind: 'raise'; readonly factor: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('run' as const), trial: fc.integer({ min: 0, max: 3 }), hold: amount }),
  fc.record({
    kind: fc.constant('call' as const),
    bet: fc.constantFrom('a', 'b'),
    by: fc.constantFrom('ana', 'ben'),
    hold: amount,
  }),
  fc.record({
    kind: fc.constant('end' as const),
    which: fc.nat(),
    share: fc.double({ min: 0, max: 3, noNaN: true }),
    lost: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('raise' as const), factor: fc.double({ min: 0.1, max: 3, noNaN: true }) }),
);

/** A lab that does nothing but spend, as fast as its budgets let it. */
class Spender {
  state: State;
  charged: Record<string, Amount> = {};
  private open: {
    readonly run?: number;
    readonly expense?: number;
    readonly hold: Amount;
    readonly names: string[];
  }[] = [];

  constructor() {
    const config = simpleConfig({
      budget: { runs: 30, deviceSeconds: 300, money: 20 },
      bets: [
        { name: 'a', budget: { deviceSeconds: 100 } },
        { name: 'b', budget: { money: 4 } },
      ],
      people: { ana: { runs: 3 }, ben: { money: 2 } },
    });
    this.state = reduce(undefined, { type: 'study.created', config, baseline: { lr: 0.1, hidden: 9 }, at: 0 });
    for (const [i, bet] of ['a', 'b', 'a', 'b'].entries()) {
      this.add({
        type: 'trial.proposed',
        trial: i + 2,
        ask: 0,
        researcher: 'test',
        hypothesis: '',
        point: { lr: 0.1, hidden: 10 + i },
        parent: 1,
        bet,
        ...(i < 2 ? { by: ['ana', 'ben'][i]! } : {}),
      });
    }
  }

  add(event: EventBody): void {
    this.state = reduce(this.state, { ...event, at: this.state.now + 1 });
  }

  capOf(name: string): Partial<Amount> | undefined {
    const [kind, who] = name.split(':') as ['bet' | 'person', string];
    if (kind === 'person') return this.state.config.people![who];
    return this.state.config.bets!.find((bet) => bet.name === who)!.budget;
  }

  allowed(names: readonly string[], hold: Amount): boolean {
    return (
      affords(this.state.ledger, hold) &&
      names.every((name) => within(this.state.accounts[name], this.capOf(name), hold))
    );
  }

  do(one: Step): void {
    if (one.kind === 'run') {
      const trial = this.state.trials[one.trial + 1]!;
      const names = [`bet:${trial.bet}`, ...(trial.by === undefined ? [] : [`person:${trial.by}`])];
      if (!this.allowed(names, one.hold)) return;
      const run = this.state.runs.length + 1;
      const { hold } = one;
      this.add({ type: 'run.started', run, trial: trial.id, repeat: 0, seed: 1, slot: 0, limitSeconds: 9, hold });
      this.open.push({ run, hold, names });
    } else if (one.kind === 'call') {
      const names = [`bet:${one.bet}`, `person:${one.by}`];
      if (!this.allowed(names, one.hold)) return;
      const expense = this.state.expenseCount + 1;
      this.add({ type: 'expense.held', expense, what: 'model', hold: one.hold, bet: one.bet, by: one.by });
      this.open.push({ expense, hold: one.hold, names });
    } else if (one.kind === 'raise') {
      const { budget } = this.state.config;
      const next = { ...budget, money: budget.money! * one.factor };
      if (overdrawn(this.state.ledger, next) === undefined) this.add({ type: 'budget.raised', budget: next });
    } else if (this.open.length > 0) this.end(one.which % this.open.length, one.share, one.lost);
  }

  /** A run may overrun what it was held for by the last breath of its processes: its charge is cut to its hold. */
  end(which: number, share: number, lost: boolean): void {
    const { run, expense, hold, names } = this.open.splice(which, 1)[0]!;
    const charge = { runs: 1, deviceSeconds: share * hold.deviceSeconds, money: share * hold.money };
    if (expense !== undefined) {
      this.add({ type: 'expense.settled', expense, charge, tokens: { input: 10, output: 1 } });
    } else {
      const status = lost ? 'lost' : 'done';
      this.add({ type: 'run.ended', run: run!, status, charge, seconds: 1, ...(lost ? {} : { value: share }) });
    }
    for (const name of ['study', ...names]) {
      const before = this.charged[name] ?? { runs: 0, deviceSeconds: 0, money: 0 };
      this.charged[name] = {
        runs: before.runs + 1,
        deviceSeconds: before.deviceSeconds + Math.min(1, share) * hold.deviceSeconds,
        money: before.money + Math.min(1, share) * hold.money,
      };
    }
  }

  close(): void {
    while (this.open.length > 0) this.end(0, 0.5, true);
  }
}

test('whatever is held, charged, lost, refunded and raised: no cap is ever passed and every sum is right', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const spender = new Spender();
      const check = (): void => {
        const { ledger, accounts } = spender.state;
        for (const resource of RESOURCES) {
          expect(ledger.spent[resource] + ledger.held[resource]).toBeLessThanOrEqual(
            ledger.budget[resource]! + EPSILON,
          );
          expect(ledger.held[resource]).toBeGreaterThanOrEqual(0);
          expect(free(ledger, resource)).toBeGreaterThanOrEqual(0);
          for (const [name, account] of Object.entries(accounts)) {
            const cap = spender.capOf(name)?.[resource] ?? Infinity;
            expect(account.spent[resource] + account.held[resource]).toBeLessThanOrEqual(cap + EPSILON);
            expect(account.spent[resource]).toBeLessThanOrEqual(ledger.spent[resource] + EPSILON);
          }
        }
      };
      for (const one of steps) {
        spender.do(one);
        check();
      }
      spender.close();
      check();
      const { ledger, accounts } = spender.state;
      for (const resource of RESOURCES) {
        expect(ledger.held[resource]).toBe(0);
        expect(ledger.spent[resource]).toBeCloseTo(spender.charged['study']?.[resource] ?? 0, 6);
        for (const [name, account] of Object.entries(accounts)) {
          expect(account.held[resource], name).toBe(0);
          expect(account.spent[resource], name).toBeCloseTo(spender.charged[name]?.[resource] ?? 0, 6);
        }
      }
      expect(spender.state.expenses).toEqual({});
    }),
    { numRuns: 300 },
  );
});
