int handgrad_scores(const uint8_t *pixels, float *scores)
{
    const float *logits = network(pixels);
    float top = logits[0], total = 0;
    int best = 0;
    for (int k = 1; k < OUTPUTS; k++)
        top = logits[k] > top ? logits[k] : top;
    for (int k = 0; k < OUTPUTS; k++) {
        float power = expf((logits[k] - top) / TEMPERATURE);
        total += power;
        if (k < CLASSES)
            scores[k] = power;
    }
    for (int k = 0; k < CLASSES; k++) {
        scores[k] /= total;
        best = scores[k] > scores[best] ? k : best;
    }
    return best;
}

int handgrad_predict(const uint8_t *pixels, float *probabilities)
{
    int best = handgrad_scores(pixels, probabilities);
    float total = 0;
    for (int k = 0; k < CLASSES; k++)
        total += probabilities[k];
    for (int k = 0; k < CLASSES; k++)
        probabilities[k] /= total > LEAST ? total : LEAST;
    return best;
}
