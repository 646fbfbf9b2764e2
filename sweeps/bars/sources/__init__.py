"""Sources: one reader a file format; each gives cells under canonical names and parses none."""
