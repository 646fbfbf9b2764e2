"""Is it luck? Overfitting statistics over all trials of a sweep."""
