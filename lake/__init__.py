"""Where results live: Delta tables of Hive-partitioned Parquet."""
