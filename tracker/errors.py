"""The one error that commands turn into a single line and exit code 2."""


class InputError(ValueError):
    """Bad usage or bad input. The message is one line: what is wrong, where, and what to do.

    It is a `ValueError`. An unknown id or name is a `KeyError`, a call out of turn a `RuntimeError`.
    """
