/* The largest of each 2x2 pixels. */
static void max_pool(const int8_t *x, int8_t *out, int height, int width, int channels)
{
    for (int row = 0; row + 1 < height; row += 2)
        for (int column = 0; column + 1 < width; column += 2)
            for (int c = 0; c < channels; c++) {
                const int8_t *square = x + (row * width + column) * channels + c;
                int8_t best = square[0];
                for (int i = 1; i < 4; i++) {
                    int8_t value = square[(i / 2 * width + i % 2) * channels];
                    best = value > best ? value : best;
                }
                *out++ = best;
            }
}
