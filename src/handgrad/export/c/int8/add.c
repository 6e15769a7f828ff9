static void add(const int8_t *x, scale of_x, const int8_t *y, scale of_y, void *out, scale to, int size, int relu)
{
    for (int i = 0; i < size; i++) {
        float value = (float)(x[i] - of_x.zero) * of_x.step + (float)(y[i] - of_y.zero) * of_y.step;
        put(out, i, relu && value < 0 ? 0 : value, to);
    }
}
