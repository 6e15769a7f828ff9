/* Weights are (units, inputs) with a step for each unit. */
static void dense(
    const int8_t *x, int zero, void *out, scale to, const int8_t *w, const float *step, const float *b, int inputs,
    int units, int relu)
{
    for (int k = 0; k < units; k++) {
        int32_t sum = 0;
        for (int i = 0; i < inputs; i++)
            sum += (x[i] - zero) * *w++;
        float value = (float)sum * step[k] + b[k];
        put(out, k, relu && value < 0 ? 0 : value, to);
    }
}
