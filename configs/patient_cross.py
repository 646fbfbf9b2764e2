"""A strategy that is asked at every close: what it does depends on how its own trades went."""

import sweeplake as sl


def averages(bars, ind, *, fast, slow):
    """Return the rows that it reads; each is made once a parameter set."""
    return {"fast": ind.sma(fast), "slow": ind.sma(slow)}


@sl.bar_by_bar(rows=averages)
def patient_cross(
    t, bars, rows, account, memory, *, fast: int = 10, slow: int = 50, rest: int = 10, give_back: float = 0.1
) -> int:
    """Follow a crossing until a part of the best close is given back; then wait for a new high, or a rest."""
    if rows.fast[t] <= rows.slow[t]:
        memory[0] = 0.0
        return 0
    if account.side == 0:
        resting = account.last_pnl < 0.0 and t - account.last_exit_bar <= rest
        if resting or bars.close[t] <= memory[0]:
            return 0
    memory[0] = max(memory[0], bars.close[t])
    return 1 if bars.close[t] > memory[0] * (1.0 - give_back) else 0
