static void add(const float *x, const float *y, float *out, int size, int relu)
{
    for (int i = 0; i < size; i++) {
        float value = x[i] + y[i];
        out[i] = relu && value < 0 ? 0 : value;
    }
}
