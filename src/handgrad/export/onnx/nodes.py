"""Nodes and constants of an ONNX graph, written down one after another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike


class Nodes:
    """What an ONNX graph consists of.

    Attributes
    ----------
    nodes : list of onnx.NodeProto
        In the order in which they are computed.
    constants : list of onnx.TensorProto
        Weights and other constants.
    """

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def __call__(self, operator: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        """Add a node.

        Parameters
        ----------
        operator : str
            An operator of ONNX.
        *inputs : str
            The values that it takes.
        out : str
            What to call the value that it makes; a number where nothing is given.
        **attributes : object
            The operator's attributes.

        Returns
        -------
        str
            The value that it makes.
        """
        from onnx import helper

        out = out or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [out], **attributes))
        return out

    def constant(self, array: ArrayLike, dtype: type[np.generic]) -> str:
        """Add a constant.

        Parameters
        ----------
        array : array-like
            Its numbers.
        dtype : type
            Their type in the file.

        Returns
        -------
        str
            Its name.
        """
        from onnx import numpy_helper

        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(array, dtype, order="C"), name))
        return name

    def numbers(self, *values: int) -> str:
        """Add a list of whole numbers, such as a shape or axes.

        Parameters
        ----------
        *values : int
            The numbers.

        Returns
        -------
        str
            Its name.
        """
        return self.constant(np.array(values), np.int64)
