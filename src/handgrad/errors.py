"""The one exception for what a user can mend."""


class UserError(Exception):
    """Something outside handgrad is wrong: a file, an option or a value.

    The message is one line that says what is wrong, what was found, what was expected and what to do. The command line
    prints it and exits with status 2. Any other exception is a bug in handgrad and keeps its traceback.
    """
