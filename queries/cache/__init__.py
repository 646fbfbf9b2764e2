"""The cache: a copy of a lake's metrics on this machine, asked at the speed of a table in memory.

It is one DuckDB file, uncompressed, that never changes: an update writes another one beside it and puts a
manifest in its place. The manifest names the data files whose rows it has. A snapshot that has all of these
reads the copy, and from the lake only the files that came since; one that lacks any, as after a compaction
or a removal, reads the lake. So a copy is whole or not used, and never out of date.
"""
