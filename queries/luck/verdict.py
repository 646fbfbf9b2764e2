"""The verdict: what figures say of the best of many trials, in one plain sentence."""

CONFIDENCE = 0.95
"""What is more likely than this counts as shown."""


def verdict(trials: int, sharpe: float, expected_sharpe: float, dsr: float | None, pbo: float | None) -> str:
    """Return whether the best of many trials is luck, and by which figures.

    Args:
        trials: Trials.
        sharpe: The best one's Sharpe ratio a year.
        expected_sharpe: What the best of so many is expected to have without skill, a year.
        dsr: Deflated Sharpe ratio; None if it is undefined.
        pbo: Probability of backtest overfitting; None if it is not known.
    """
    subject = f"Of {trials:,} trials the best Sharpe ratio, {sharpe:.2f} a year,"
    if trials == 1:
        subject = f"The Sharpe ratio of the only trial, {sharpe:.2f} a year,"
    if dsr is None:
        return f"{subject} cannot be judged: the shape of its returns is not known."
    shown = dsr > CONFIDENCE
    if shown:
        found = "is more than luck alone gives"
    elif sharpe > expected_sharpe:
        found = "may be luck"
    else:
        found = "is what luck alone gives"
    luck = (
        f"without skill {expected_sharpe:.2f} is expected, which it truly exceeds with probability {dsr:.2f}"
    )
    if pbo is None:
        return f"{subject} {found}: {luck}."
    joined = "but" if shown and pbo >= 0.5 else "and"
    halves = (
        f"the best on one half of the window is no better than the median on the other in {pbo:.0%} of cases"
    )
    return f"{subject} {found}: {luck}, {joined} {halves}."
