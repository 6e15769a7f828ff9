/* Takes one of several members into the mean of their probabilities; the last makes it a logarithm. */
static void mean_softmax(const float *x, float *out, int size, int member, int members)
{
    float top = x[0], total = 0;
    for (int k = 1; k < size; k++)
        top = x[k] > top ? x[k] : top;
    for (int k = 0; k < size; k++)
        total += expf(x[k] - top);
    for (int k = 0; k < size; k++) {
        float mean = (member ? out[k] : 0) + expf(x[k] - top) / total;
        if (member + 1 == members) {
            mean /= (float)members;
            mean = logf(mean > LEAST ? mean : LEAST);
        }
        out[k] = mean;
    }
}
