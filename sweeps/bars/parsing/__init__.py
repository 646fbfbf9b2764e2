"""Parsing: cells become numbers and times, or problems with their row."""
