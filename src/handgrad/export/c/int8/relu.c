static void relu(const int8_t *x, int zero, int8_t *out, int size)
{
    for (int i = 0; i < size; i++)
        out[i] = x[i] < zero ? (int8_t)zero : x[i];
}
