/* From bytes to floats, or back. */
static void convert(const void *x, scale from, void *out, scale to, int size)
{
    for (int i = 0; i < size; i++) {
        float bytes = from.step <= 0 ? 0 : (float)(((const int8_t *)x)[i] - from.zero) * from.step;
        put(out, i, from.step <= 0 ? ((const float *)x)[i] : bytes, to);
    }
}
