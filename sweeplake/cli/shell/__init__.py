"""The shell of `sweeplake sql`: a prompt on a terminal, statements from a pipe."""
