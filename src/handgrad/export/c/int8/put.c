/* How numbers are stored: number = (byte - zero) * step, or as floats where step is 0. */
typedef struct {
    float step;
    int zero;
} scale;

static void put(void *out, int i, float value, scale s)
{
    if (s.step <= 0) {
        ((float *)out)[i] = value;
        return;
    }
    value = value / s.step + (float)s.zero;
    value = value < -128 ? -128 : value > 127 ? 127 : value;
    ((int8_t *)out)[i] = (int8_t)((int)(value + 128.5f) - 128);
}
