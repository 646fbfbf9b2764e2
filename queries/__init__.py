"""Asking questions of the lake in DuckDB SQL."""
