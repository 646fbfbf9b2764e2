"""`sweeplake` and `python -m sweeplake`."""

import sys

_EXIT_INTERRUPTED = 130  # as `sweeplake.cli.run` has it, which is not there yet


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
