/* What the network sees: normalised grey levels. */
static void see(const uint8_t *pixels, int8_t *out, scale to)
{
    for (int i = 0; i < HEIGHT * WIDTH * CHANNELS; i++)
        put(out, i, ((float)pixels[i] - MEAN(i)) * SCALE(i), to);
}
