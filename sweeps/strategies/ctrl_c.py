"""Ctrl-C, told apart from what a strategy raises: both come as `KeyboardInterrupt`."""

import signal
import threading


def pass_ctrl_c_on(error: BaseException) -> None:
    """Raise an error again if it is a Ctrl-C; return if a strategy raised it, of whatever kind it is.

    Python interrupts a process's main thread alone, and only where that does not hold the signal back. So no
    thread of a worker is ever interrupted, nor is a process apart, which Ctrl-C does not reach.
    """
    if isinstance(error, KeyboardInterrupt) and _is_interruptible():
        raise error


def _is_interruptible() -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    if not hasattr(signal, "pthread_sigmask"):  # not a Unix: nothing is held back there
        return True
    return signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
