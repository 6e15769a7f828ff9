/* x w + b, with one w and b for each channel. */
static void affine(const float *x, float *out, const float *w, const float *b, int size, int channels, int relu)
{
    for (int i = 0; i < size; i++) {
        float value = x[i] * w[i % channels] + b[i % channels];
        out[i] = relu && value < 0 ? 0 : value;
    }
}
