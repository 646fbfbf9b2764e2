"""The specification of a sweep: configuration, grid, sample, identity. Pure."""
