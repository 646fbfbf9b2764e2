"""Judging the runs of a sweep: what its parameters do, and whether its best runs stand on firm ground."""
