"""The ancestor: the process that embedded workers are forked from, warm from the moment they are born.

Importing this module is what warms it, while the driver that started it goes on.
"""

import pandas as pd  # noqa: F401  no worker needs it, but many a user's strategy

from sweeps.execution.warm import warm

warm()
