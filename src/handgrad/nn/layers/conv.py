from dataclasses import dataclass
from typing import Any

from handgrad.errors import UserError
from handgrad.kernels.scratch import conv_scratch
from handgrad.kernels.sizes import PARTS
from handgrad.kernels.winograd_scratch import winograd_scratch
from handgrad.nn.layers.base import Buffer, Layer, Plan, Slot
from handgrad.nn.params import Array, Param, Shape

MANY = 8  # channels in and out from which Winograd's method pays


@dataclass(frozen=True)
class Conv(Layer):
    """Convolution: out[n, y, x, f] = b[f] + sum over i, j, c of x[n, stride y + i, stride x + j, c] w[i, j, c, f].

    kernel: odd side of w (K, K, C, F); stride 1 or 2; padding `same` frames the image with (K - 1) / 2 rows of zeros,
    `valid` does not. init, lr: as in Dense.
    """

    filters: int
    kernel: int = 3
    stride: int = 1
    padding: str = "same"
    init: str = "he"
    lr: float = 1.0
    folds_relu = True

    def __post_init__(self) -> None:
        if self.kernel < 1 or self.kernel % 2 == 0 or self.stride not in (1, 2):
            raise UserError(f"Conv(kernel={self.kernel}, stride={self.stride}): expected an odd kernel, stride 1 or 2")
        if self.filters < 1 or self.padding not in ("same", "valid"):
            raise UserError(
                f"Conv({self.filters}, padding='{self.padding}'): expected 1 filter or more, padding same or valid"
            )

    @property
    def _pad(self) -> int:
        return self.kernel // 2 if self.padding == "same" else 0

    def plan(self, in_shape: Shape) -> Plan:
        if len(in_shape) != 3:
            raise UserError(f"Conv({self.filters}, {self.kernel}) cannot follow shape {in_shape}: it needs (H, W, C)")
        height, width = ((side + 2 * self._pad - self.kernel) // self.stride + 1 for side in in_shape[:2])
        if height < 1 or width < 1:
            raise UserError(
                f"Conv({self.filters}, {self.kernel}) cannot follow shape {in_shape}: it needs {self.kernel} rows and "
                "columns, or padding same"
            )
        shape = (self.kernel, self.kernel, in_shape[2], self.filters)
        out_shape = (height, width, self.filters)
        params = (Param("w", shape, self.init, decay=True, lr=self.lr), Param("b", shape[3:], lr=self.lr))
        parts = (Buffer("w_parts", (PARTS, *shape)), Buffer("b_parts", (PARTS, *shape[3:])))
        if self._by_winograd(shape):
            numbers = winograd_scratch(*shape[2:])
        else:
            numbers = conv_scratch(in_shape, out_shape, self.kernel, self._pad)
        return Plan(out_shape, params, saved=parts, scratch=lambda n: numbers)

    def _by_winograd(self, shape: Shape) -> bool:
        return (self.kernel, self.stride) == (3, 1) and min(shape[2:]) >= MANY

    def _passes(self, slot: Slot) -> tuple[Any, Any, Any]:
        k = slot.kernels
        if self._by_winograd(slot.params["w"].shape):
            return k.winograd_forward, k.winograd_input_gradient, k.winograd_weight_gradient
        return k.conv_forward, k.conv_input_gradient, k.conv_weight_gradient

    def forward(self, x: Array, slot: Slot) -> Array:
        slot.x = x
        forward, _, _ = self._passes(slot)
        w, b = slot.params["w"], slot.params["b"]
        forward(slot.out, x, w, b, slot.floor, self.stride, self._pad, slot.scratch)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        """Each weight met one input for each output, each input one output for each weight:

        dL/dw[i, j, c, f] = sum of x[n, stride y + i, stride x + j, c] dy[n, y, x, f],  dL/db = sum of dy,
        dL/dx[n, stride y + i, stride x + j, c] = sum of dy[n, y, x, f] w[i, j, c, f].
        """
        _, input_gradient, weight_gradient = self._passes(slot)
        if slot.floor == 0:
            slot.kernels.relu_backward(dy, slot.out)
        parts, grads = slot.saved, slot.grads
        weight_gradient(
            grads["w"], grads["b"], slot.x, dy, self.stride, self._pad, parts["w_parts"], parts["b_parts"], slot.scratch
        )
        if slot.dx is not None:
            input_gradient(slot.dx, dy, slot.params["w"], self.stride, self._pad, slot.scratch)
        return slot.dx
