static void relu(const float *x, float *out, int size)
{
    for (int i = 0; i < size; i++)
        out[i] = x[i] < 0 ? 0 : x[i];
}
