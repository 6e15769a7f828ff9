"""Keys for counter-based randomness: where a number is used decides what it is, so order and threads do not matter."""

MASK = (1 << 64) - 1


def derive(*path: int) -> int:
    """A 63-bit key for a place such as (seed, stream, step): SplitMix64 (Steele et al. 2014) absorbs part by part."""
    state = 0
    for part in path:
        state = (state + (part & MASK) + 0x9E3779B97F4A7C15) & MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
        state ^= state >> 31
    return state >> 1  # 63 bits: compiled code takes it as a signed integer
