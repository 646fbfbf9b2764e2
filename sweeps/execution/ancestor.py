"""The ancestor: the process that embedded workers are forked from, warm from the moment they are born.

Importing this module is what warms it, while the driver that started it goes on.
"""

from sweeps.execution.warm import warm

warm()
