"""Naming: the last part of what a node of a source text names. Pure."""

import ast


def name_of(node: ast.AST) -> str:
    """Return `c` of `a.b.c`, and of `c`; "" of anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
