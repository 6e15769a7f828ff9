"""Kernels' inner loops, emitted as LLVM vector code."""
