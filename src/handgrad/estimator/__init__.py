"""A classifier for scikit-learn's tools, of any images and any features."""

from typing import Any

from handgrad.errors import UserError

MISSING = "DigitClassifier needs scikit-learn, which is not installed: pip install 'handgrad[sklearn]'"

try:
    from handgrad.estimator.classifier import DigitClassifier
except ModuleNotFoundError as error:
    if (error.name or "").split(".")[0] != "sklearn":
        raise

    class DigitClassifier:  # type: ignore[no-redef]
        """Stand in where scikit-learn is missing: the name can be imported, and who uses it is told what to install.

        Parameters
        ----------
        *args, **fields
            What the classifier would take.

        Raises
        ------
        UserError
            Always.
        """

        def __init__(self, *args: Any, **fields: Any) -> None:
            raise UserError(MISSING)


__all__ = ["DigitClassifier"]
