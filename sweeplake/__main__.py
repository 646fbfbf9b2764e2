"""`sweeplake` and `python -m sweeplake`."""

import sys

_EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command line; Ctrl-C while it is still being imported ends it without a traceback, too."""
    try:
        from sweeplake.cli import main as run
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(_EXIT_INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
