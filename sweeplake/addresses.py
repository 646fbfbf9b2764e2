"""Where the lake is when nobody says so."""

DEFAULT_LAKE = "var/lake"
LAKE_VARIABLE = "SWEEPLAKE_LAKE"
