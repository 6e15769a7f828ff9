static float level(const uint8_t *pixels, int row, int column, int channel)
{
    return column < 0 || column >= WIDTH ? 0 : (float)pixels[(row * WIDTH + column) * CHANNELS + channel];
}

/* Slanted digits sheared upright: the moments of the ink tell how far a row leans. */
static const uint8_t *upright(const uint8_t *pixels)
{
    static uint8_t out[HEIGHT * WIDTH * CHANNELS];
    uint64_t ink = 0, by_row = 0, by_column = 0, yy = 0, xy = 0;
    for (int i = 0; i < HEIGHT * WIDTH * CHANNELS; i++) {
        uint64_t y = (uint64_t)(i / (WIDTH * CHANNELS)), x = (uint64_t)(i / CHANNELS % WIDTH), p = pixels[i];
        ink += p, by_row += p * y, by_column += p * x, yy += p * y * y, xy += p * x * y;
    }
    double total = ink ? (double)ink : 1, centre = (double)by_row / total;
    double m_yy = (double)yy / total - centre * centre;
    double m_xy = (double)xy / total - centre * ((double)by_column / total);
    double lean = m_yy > 1e-6 ? m_xy / m_yy : 0;
    for (int row = 0, i = 0; row < HEIGHT; row++)
        for (int column = 0; column < WIDTH; column++) {
            double source = column + lean * (row - centre), left = floor(source);
            left = left < -1 ? -1 : left > WIDTH ? WIDTH : left;
            double past = source - left;
            float share = (float)(past < 0 ? 0 : past > 1 ? 1 : past);
            for (int c = 0; c < CHANNELS; c++) {
                float first = level(pixels, row, (int)left, c), second = level(pixels, row, (int)left + 1, c);
                out[i++] = (uint8_t)rintf((1 - share) * first + share * second);
            }
        }
    return out;
}
