"""Hopping: the engine that goes from event to event instead of from bar to bar, equal to the reference loop.

Its cost is by trade, not by bar. Signals are bits, 64 bars a word; a span between two trades adds differences
of running sums; levels are searched through the extremes of groups of 16 bars. What it cannot compute to
1e-9 (a run whose sums drown in those of the whole window, equity that is not finite) it leaves to the loop.
"""
