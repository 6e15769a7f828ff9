"""Stopping early: the weights of the best epoch so far, and when to wait for a better one no longer."""

from collections.abc import Sequence

from handgrad.nn.network import Network
from handgrad.training.progress import Epoch


class Best:
    """The weights with the lowest validation loss.

    Parameters
    ----------
    network : Network
        What is trained; it stays as it is.
    patience : int
        How many epochs without a lower loss end the training.

    Attributes
    ----------
    theta, state : float32 arrays
        Parameters and running statistics of the best epoch.
    """

    def __init__(self, network: Network, patience: int) -> None:
        self.theta, self.state, self.patience = network.theta.copy(), network.state.copy(), patience

    def note(self, history: Sequence[Epoch], network: Network) -> None:
        """Keep the weights of an epoch that is better than all before it.

        Parameters
        ----------
        history : sequence of Epoch
            The finished epochs.
        network : Network
            With the weights that the last of them was judged by.
        """
        if best_epoch(history) is history[-1]:
            self.theta[:], self.state[:] = network.theta, network.state

    def is_over(self, history: Sequence[Epoch]) -> bool:
        """Return whether there was no better epoch for too long.

        Parameters
        ----------
        history : sequence of Epoch
            The finished epochs.

        Returns
        -------
        bool
            Whether to stop.
        """
        return bool(history) and history[-1].epoch - best_epoch(history).epoch >= self.patience


def best_epoch(history: Sequence[Epoch]) -> Epoch:
    """Return the epoch with the lowest validation loss; of equal ones, the first.

    Parameters
    ----------
    history : sequence of Epoch
        One epoch or more, with validation.

    Returns
    -------
    Epoch
        The best.
    """
    return min(history, key=lambda epoch: float("inf") if epoch.valid_loss is None else epoch.valid_loss)
