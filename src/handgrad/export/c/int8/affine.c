/* x w + b, with one w and b for each channel. */
static void affine(
    const int8_t *x, int zero, void *out, scale to, const float *w, const float *b, int size, int channels, int relu)
{
    for (int i = 0; i < size; i++) {
        float value = (float)(x[i] - zero) * w[i % channels] + b[i % channels];
        put(out, i, relu && value < 0 ? 0 : value, to);
    }
}
