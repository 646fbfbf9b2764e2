"""Bars: read from files, validated, kept in the lake."""
