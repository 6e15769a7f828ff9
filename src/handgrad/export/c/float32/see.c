/* What the network sees: normalised grey levels. */
static void see(const uint8_t *pixels, float *out)
{
    for (int i = 0; i < HEIGHT * WIDTH * CHANNELS; i++)
        out[i] = ((float)pixels[i] - MEAN(i)) * SCALE(i);
}
