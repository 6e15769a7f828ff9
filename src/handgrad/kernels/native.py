"""The loops in which the threads of a team run programs, in native code.

A program is a list of (address of a kernel, address of its arguments). Every thread runs the whole list; each kernel
takes the thread's share of the work, and behind it all meet. The words through which threads speak are told in
`team.py`, which owns them.
"""

import os
import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from handgrad.kernels.jit import jit, part
from handgrad.kernels.registry import Team
from handgrad.kernels.team import (
    ALONE,
    ARRIVED,
    ASLEEP,
    CLAIMED,
    CROWDED,
    FIRST,
    GATE,
    GENERATION,
    IDLE,
    LENGTH,
    LINE,
    LIST,
    QUIT,
    RANK,
    STATE,
    THREADS,
    WORKING,
)
from handgrad.kernels.vector.emitter import I64

SPINS = 2000  # looks at a word before the core is offered to others: some tens of microseconds
YIELDS = 5000  # offers before a thread without work goes to sleep: some milliseconds, as to wake takes a tenth of one
PATIENCE = 1 << 20  # clock ticks: some 400 microseconds
SHORTEST, LONGEST = 1 << 22, 1 << 29  # some 2 and some 200 milliseconds
IS_X86 = platform.machine().lower() in ("x86_64", "amd64")
BODY = (types.intp,) * 4  # arguments, thread, threads, gate


def _pointer(build: ir.IRBuilder, at: Any) -> Any:
    return build.inttoptr(at, I64.as_pointer())


@intrinsic
def load(typing_context, at):
    """Read the word at an address; what was written before it was stored is seen, too."""

    def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
        return build.load_atomic(_pointer(build, args[0]), "seq_cst", 8)

    return types.intp(types.intp), codegen


@intrinsic
def store(typing_context, at, value):
    """Write the word at an address."""

    def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
        build.store_atomic(args[1], _pointer(build, args[0]), "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp), codegen


@intrinsic
def add_to(typing_context, at, value):
    """Add to the word at an address, and give what it was before."""

    def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
        return build.atomic_rmw("add", _pointer(build, args[0]), args[1], "seq_cst")

    return types.intp(types.intp, types.intp), codegen


@intrinsic
def change(typing_context, at, old, new):
    """Change the word at an address from `old` to `new`, and say whether it was `old`."""

    def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
        found = build.cmpxchg(_pointer(build, args[0]), args[1], args[2], "seq_cst", "seq_cst")
        return build.extract_value(found, 1)

    return types.boolean(types.intp, types.intp, types.intp), codegen


@intrinsic
def pause(typing_context):
    """Tell the core that this is a waiting loop."""

    def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
        if IS_X86:
            _call(build, "llvm.x86.sse2.pause", ir.VoidType())
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def cycles(typing_context):
    """Count the processor's clock ticks since some time; 0 where no processor can be asked."""

    def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
        return _call(build, "llvm.readcyclecounter", I64) if IS_X86 else I64(0)

    return types.intp(), codegen


@intrinsic
def give_way(typing_context):
    """Offer the core to other threads."""

    def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
        _call(build, "SwitchToThread" if os.name == "nt" else "sched_yield", ir.IntType(32))
        return context.get_dummy_value()

    return types.void(), codegen


def _call(build: ir.IRBuilder, name: str, result: ir.Type) -> Any:
    module = build.module
    return build.call(module.globals.get(name) or ir.Function(module, ir.FunctionType(result, []), name), [])


@intrinsic
def call_kernel(typing_context, body, arguments, t, threads, gate):
    """Call the kernel at an address."""

    def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
        kind = context.call_conv.get_function_type(types.none, BODY)
        context.call_conv.call_function(build, build.inttoptr(args[0], kind.as_pointer()), types.none, BODY, args[1:])
        return context.get_dummy_value()

    return types.void(types.intp, *BODY), codegen


@jit
def meet(team):
    # wait until all threads are here; what each wrote before, all see then
    if team.threads == 1:
        return
    generation = load(team.gate + GENERATION)
    if add_to(team.gate + ARRIVED, 1) == team.threads - 1:
        store(team.gate + ARRIVED, 0)
        store(team.gate + GENERATION, generation + 1)
        return
    spins = 0
    while load(team.gate + GENERATION) == generation:
        spins += 1
        if spins < SPINS:
            pause()
        else:
            give_way()


@jit
def _be_alone(gate):
    # run programs on one thread for a while; for twice as long if that has not helped
    now, before = cycles(), load(gate + ALONE)
    again = now < load(gate + CROWDED) + 4 * before
    length = min(max(2 * before, SHORTEST), LONGEST) if again else SHORTEST
    store(gate + ALONE, length)
    store(gate + CROWDED, now + length)


@part
def run(at, length, t, threads, gate):
    # the program of `length` kernels at an address, as thread t
    for i in range(length):
        began = cycles()
        call_kernel(load(at + 16 * i), load(at + 16 * i + 8), t, threads, gate)
        done = cycles()
        meet(Team(t, threads, gate))
        if threads > 1 and cycles() - done > 2 * (done - began) + PATIENCE:  # some thread had no core
            _be_alone(gate)


@part
def work(control, t):
    # run what `lead` hands out, until there has been nothing for a while (ASLEEP) or the team is dismissed
    mine, spins = control + FIRST + LINE * t, 0
    store(mine + STATE, IDLE)
    while load(control + QUIT) == 0:
        if load(mine + STATE) == WORKING:
            threads = load(control + THREADS)
            run(load(control + LIST), load(control + LENGTH), load(mine + RANK), threads, control + GATE)
            store(mine + STATE, IDLE)
            spins = 0
        spins += 1
        if spins < SPINS:
            pause()
        elif spins < SPINS + YIELDS:
            give_way()
        elif change(mine + STATE, IDLE, ASLEEP):
            return


@jit
def _claim(at):
    # -> whether the thread whose state is at an address is awake, and now waits for its work
    for _ in range(2 * SPINS):
        if change(at, IDLE, CLAIMED):
            return True
        pause()
    return False


@part
def lead(control, at, length, wanted):
    # run a program with up to `wanted` threads: this one, and those that are awake; with this one alone for a while
    # after threads had to wait for a core that other processes use: each barrier would wait for it
    threads = 1
    if cycles() < load(control + GATE + CROWDED):
        wanted = 1
    for t in range(1, wanted):
        mine = control + FIRST + LINE * t
        if _claim(mine + STATE):
            store(mine + RANK, threads)
            threads += 1
    store(control + LIST, at)
    store(control + LENGTH, length)
    store(control + THREADS, threads)
    for t in range(1, wanted):
        change(control + FIRST + LINE * t + STATE, CLAIMED, WORKING)
    run(at, length, 0, threads, control + GATE)
