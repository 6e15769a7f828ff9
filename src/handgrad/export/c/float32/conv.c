/* Images are (height, width, channels), weights (filters, kernel, kernel, channels). */
static void conv(const float *x, float *out, const float *w, const float *b, const conv_shape *s)
{
    for (int at = 0; at < s->out_height * s->out_width; at++) {
        int top = at / s->out_width * s->stride - s->pad, left = at % s->out_width * s->stride - s->pad;
        for (int f = 0; f < s->filters; f++) {
            float sum = b[f];
            for (int i = 0; i < s->kernel * s->kernel; i++) {
                int row = top + i / s->kernel, column = left + i % s->kernel;
                if (row < 0 || row >= s->height || column < 0 || column >= s->width)
                    continue;
                const float *pixel = x + (row * s->width + column) * s->channels;
                const float *weight = w + (f * s->kernel * s->kernel + i) * s->channels;
                for (int c = 0; c < s->channels; c++)
                    sum += pixel[c] * weight[c];
            }
            *out++ = s->relu && sum < 0 ? 0 : sum;
        }
    }
}
