"""Strategies: their contract, the built-in ones, the user's own."""
