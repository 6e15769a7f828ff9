/* The mean of each channel. */
static void mean_pool(const float *x, float *out, int pixels, int channels)
{
    for (int c = 0; c < channels; c++) {
        float sum = 0;
        for (int i = 0; i < pixels; i++)
            sum += x[i * channels + c];
        out[c] = sum / (float)pixels;
    }
}
