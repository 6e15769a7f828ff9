/* The mean of each channel. */
static void mean_pool(const int8_t *x, scale of_x, void *out, scale to, int pixels, int channels)
{
    for (int c = 0; c < channels; c++) {
        int32_t sum = 0;
        for (int i = 0; i < pixels; i++)
            sum += x[i * channels + c] - of_x.zero;
        put(out, c, (float)sum * of_x.step / (float)pixels, to);
    }
}
