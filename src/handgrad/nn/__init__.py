"""Networks: parameters, layers, and the network that runs them."""
