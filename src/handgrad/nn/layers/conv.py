"""Convolution, directly or by Winograd's method."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from handgrad.errors import UserError
from handgrad.kernels.scratch import conv_scratch
from handgrad.kernels.sizes import MAX_LANES, PARTS
from handgrad.kernels.winograd_scratch import filters_size, winograd_scratch
from handgrad.nn.layers.base import Buffer, Layer, Plan, Slot, fixed_scratch
from handgrad.nn.params import Array, Param, Shape

WINOGRAD_CHANNELS = 8  # inputs and outputs from which Winograd's method is faster


@dataclass(frozen=True)
class Conv(Layer):
    """Convolution of images (H, W, C) with F filters w (K, K, C, F), each with a bias b (F,).

    Parameters
    ----------
    filters : int
        Number of filters F, which are the channels of the output; at least 1.
    kernel : int
        Side K of the filters in pixels; odd.
    stride : {1, 2}
        Distance in pixels between neighbouring outputs.
    padding : {'same', 'valid'}
        `same` surrounds the image with (K - 1) / 2 rows and columns of zeros, `valid` does not.
    init : str
        Kind of the initial weights, see `handgrad.nn.init.initial_array`; b starts at 0.
    lr_scale : float
        Factor by which the learning rate is multiplied for this layer.

    Raises
    ------
    UserError
        When a value is none of these.

    Notes
    -----
    With x the padded image and s the stride, out[n, y, x, f] =
    b[f] + sum over i, j, c of x[n, s y + i, s x + j, c] w[i, j, c, f]. Each weight acts once for each output, between
    it and one input, so

    - dL/dw[i, j, c, f] = sum over n, y, x of x[n, s y + i, s x + j, c] dL/dout[n, y, x, f];
    - dL/db[f] = sum over n, y, x of dL/dout[n, y, x, f];
    - dL/dx[n, u, v, c] = sum over f and all i, j, y, x with s y + i = u and s x + j = v of
      dL/dout[n, y, x, f] w[i, j, c, f].
    """

    filters: int
    kernel: int = 3
    stride: int = 1
    padding: str = "same"
    init: str = "he"
    lr_scale: float = 1.0

    def __post_init__(self) -> None:
        if self.kernel < 1 or self.kernel % 2 == 0 or self.stride not in (1, 2):
            raise UserError(f"Conv(kernel={self.kernel}, stride={self.stride}): expected an odd kernel, stride 1 or 2")
        if self.filters < 1 or self.padding not in ("same", "valid"):
            raise UserError(
                f"Conv({self.filters}, padding='{self.padding}'): expected 1 filter or more, padding same or valid"
            )

    @property
    def pad(self) -> int:
        """Rows and columns of zeros on each side of the image."""
        return self.kernel // 2 if self.padding == "same" else 0

    def plan(self, in_shape: Shape) -> Plan:
        out_shape = self._out_shape(in_shape)
        shape = (self.kernel, self.kernel, in_shape[2], self.filters)  # (K, K, C, F)
        w = Param("w", shape, self.init, decay=True, lr_scale=self.lr_scale)
        b = Param("b", shape[3:], lr_scale=self.lr_scale)
        cache = [Buffer("w_parts", (PARTS, *shape)), Buffer("b_parts", (PARTS, *shape[3:]))]
        if self._by_winograd(shape):
            floats = winograd_scratch(*shape[2:])
            cache.append(Buffer("filters", (filters_size(*shape[2:], MAX_LANES),), train_only=False))
        else:
            floats = conv_scratch(in_shape, out_shape, self.kernel, self.pad)
        return Plan(out_shape, (w, b), cache=tuple(cache), scratch=partial(fixed_scratch, floats), folds_relu=True)

    def _out_shape(self, in_shape: Shape) -> Shape:
        if len(in_shape) != 3:
            raise UserError(f"Conv({self.filters}, {self.kernel}) cannot follow shape {in_shape}: it needs (H, W, C)")
        height, width = ((side + 2 * self.pad - self.kernel) // self.stride + 1 for side in in_shape[:2])
        if height < 1 or width < 1:
            raise UserError(
                f"Conv({self.filters}, {self.kernel}) cannot follow shape {in_shape}: it needs {self.kernel} rows and "
                "columns, or padding same"
            )
        return (height, width, self.filters)

    def _by_winograd(self, shape: Shape) -> bool:
        return (self.kernel, self.stride) == (3, 1) and min(shape[2:]) >= WINOGRAD_CHANNELS

    def forward(self, x: Array, slot: Slot) -> Array:
        slot.x = x  # (N, H, W, C)
        given = slot.out, x, slot.params["w"], slot.params["b"], slot.floor, self.stride, self.pad
        if self._by_winograd(slot.params["w"].shape):
            slot.kernels.winograd_forward(*given, slot.cache["filters"], slot.kept, slot.scratch)
        else:
            slot.kernels.conv_forward(*given, slot.scratch)
        return slot.out  # (N, H', W', F)

    def _gradients(self, slot: Slot) -> tuple[Callable[..., None], Callable[..., None]]:
        """The kernels of the gradients with respect to the input, and to the weights."""
        k = slot.kernels
        if self._by_winograd(slot.params["w"].shape):
            return k.winograd_input_gradient, k.winograd_weight_gradient
        return k.conv_input_gradient, k.conv_weight_gradient

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        input_gradient, weight_gradient = self._gradients(slot)
        if slot.floor == 0:
            slot.kernels.relu_backward(dy, slot.out)
        parts, grads = slot.cache, slot.grads
        weight_gradient(
            grads["w"], grads["b"], slot.x, dy, self.stride, self.pad, parts["w_parts"], parts["b_parts"], slot.scratch
        )
        if slot.dx is not None:
            input_gradient(slot.dx, dy, slot.params["w"], self.stride, self.pad, slot.scratch)
        return slot.dx  # (N, H, W, C)
