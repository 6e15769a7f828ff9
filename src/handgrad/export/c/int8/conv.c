/* Images are (height, width, channels), weights (filters, kernel, kernel, channels) with a step for each filter. */
static void conv(
    const int8_t *x, int zero, void *out, scale to, const int8_t *w, const float *step, const float *b,
    const conv_shape *s)
{
    for (int at = 0, o = 0; at < s->out_height * s->out_width; at++) {
        int top = at / s->out_width * s->stride - s->pad, left = at % s->out_width * s->stride - s->pad;
        for (int f = 0; f < s->filters; f++) {
            int32_t sum = 0;
            for (int i = 0; i < s->kernel * s->kernel; i++) {
                int row = top + i / s->kernel, column = left + i % s->kernel;
                if (row < 0 || row >= s->height || column < 0 || column >= s->width)
                    continue;
                const int8_t *pixel = x + (row * s->width + column) * s->channels;
                const int8_t *weight = w + (f * s->kernel * s->kernel + i) * s->channels;
                for (int c = 0; c < s->channels; c++)
                    sum += (pixel[c] - zero) * weight[c];
            }
            float value = (float)sum * step[f] + b[f];
            put(out, o++, s->relu && value < 0 ? 0 : value, to);
        }
    }
}
