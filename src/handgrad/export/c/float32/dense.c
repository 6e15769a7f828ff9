/* Weights are (units, inputs). */
static void dense(const float *x, float *out, const float *w, const float *b, int inputs, int units, int relu)
{
    for (int k = 0; k < units; k++) {
        float sum = b[k];
        for (int i = 0; i < inputs; i++)
            sum += x[i] * *w++;
        out[k] = relu && sum < 0 ? 0 : sum;
    }
}
