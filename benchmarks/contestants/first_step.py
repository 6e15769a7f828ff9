"""What `handgrad train` does until its first step is made."""

import sys

import handgrad
from handgrad.training.compiling import compile_kernels

data, valid = handgrad.load("mnist").split()
recipe = handgrad.recipe(sys.argv[1])
trainer = handgrad.Trainer(recipe, data, valid)
compile_kernels(recipe, data)
next(trainer.run())
