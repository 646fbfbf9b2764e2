"""`python -m sweeplake`."""

from sweeplake.cli import main

main()
