typedef struct {
    int height, width, channels, out_height, out_width, filters, kernel, stride, pad, relu;
} conv_shape;
