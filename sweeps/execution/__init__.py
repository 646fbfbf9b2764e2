"""Running a sweep on Dask."""
