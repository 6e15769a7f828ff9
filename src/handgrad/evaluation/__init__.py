"""How good a classifier is, and which of several is the best."""

from handgrad.evaluation.metrics import Evaluation, evaluate, mcnemar

__all__ = ["Evaluation", "evaluate", "mcnemar"]
