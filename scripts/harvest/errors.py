"""The one error a user meets: a message that says what is wrong, where, and what to do."""

import click


class HarvestError(click.ClickException):
    """Stops a command with exit code 1 and one message, without a traceback.

    Raised by the library too: `str(error)` is the message.
    """

    exit_code = 1

    def __str__(self) -> str:
        return self.message
