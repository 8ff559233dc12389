/* train_int.h - the tape: a net with memory for a batch, forward and backward. */
#ifndef OHM_TRAIN_INT_H
#define OHM_TRAIN_INT_H

#include "ohm/forward.h"
#include "ohm/ops_analog.h"
#include "ohm/ops_curves.h"
#include "ohm/train.h"

#define OHM_BN_MOMENTUM 0.1f /* share of a batch in the running statistics: PyTorch's usual one */

struct ohm_unit {
    bool runs;  /* on a way to the output */
    bool grad;  /* its output depends on what is trained */
    bool alias; /* its output is the memory of its only input: flatten, ReLU in place */
    bool relu;  /* batch norm, add: the ReLU behind it is done in the same pass */
    bool done;  /* a ReLU that the layer before has done */
    int readers;
    int root;                              /* whose memory holds its output */
    size_t numbers;                        /* of its output, an image */
    float *y;                              /* [batch][numbers], of the root */
    float *dy;                             /* of the root: gradient, while it has one */
    int last;                              /* of a root: the layer that reads its output last */
    int busy;                              /* of one that has memory: the layer until which that is in use */
    struct ohm_buffer own;                 /* y, of a root that found no other's memory free */
    struct ohm_conv2d d;                   /* conv, dense; n = 1 */
    struct ohm_pool pool;                  /* pools; n = 1 */
    struct ohm_buffer noisy;               /* weights as this step sees them */
    struct ohm_buffer packed, packed_back; /* for the kernels; packed: of the tiles, where there are some */
    float *mean, *var;                     /* batch norm: of the batch; [c] each, in stat */
    struct ohm_buffer stat;
    struct ohm_buffer collected; /* batch norm: [2][c], mean and variance of the batches collected; empty: none ever */
    /* analog */
    int32_t *row; /* [tiles + 1]: tile i is rows [row[i], row[i + 1]) of the matrix */
    int tiles;
    struct ohm_buffer scale; /* [tiles][c_out]: largest weight */
    struct ohm_buffer level; /* [tiles][2][width]: one level of the ADC, its inverse; then the bias [width] */
};

struct ohm_tape {
    const struct ohm_net *net;
    struct ohm_weights *w;
    const struct ohm_analog *analog; /* NULL: digital */
    struct ohm_unit *node;           /* [layers] */
    int batch;                       /* memory is for so many images */
    int n;                           /* images of the batch under way */
    bool training;                   /* batch norms use the batch */
    float momentum;                  /* share of the batch in the running statistics */
    enum ohm_bn_source statistics;   /* without training: of batch norms */
    int64_t collected;               /* images, with the batch under way */
    int64_t step;                    /* of the run; names the noise */
    struct ohm_rng rng;              /* root of the noise */
    struct ohm_buffer grad;          /* [w->trainable] */
    struct ohm_buffer range_grad;    /* [layers] */
    struct ohm_buffer scratch, spare;
    struct ohm_buffer pool;            /* normal numbers, for output noise */
    size_t pool_more;                  /* of them beyond OHM_NOISE_POOL */
    struct ohm_range_part *range_part; /* analog training: [batch] */
    struct ohm_buffer *slot;           /* [slots]: gradients under way, each as large as the largest output */
    bool *slot_used;
    int slots;
    size_t slot_size;
    struct ohm_exec exec;
    ohm_matrix_fn *multiply; /* somebody else's products; NULL: ours */
    void *multiply_context;
};

enum { OHM_NOISE_POOL = 65536 };

/* Of a layer that is one. */
static inline enum ohm_curve ohm_curve_of(enum ohm_layer_kind kind)
{
    return kind == OHM_ELU        ? OHM_CURVE_ELU
           : kind == OHM_LOG_COSH ? OHM_CURVE_LOG_COSH
           : kind == OHM_SIGMOID  ? OHM_CURVE_SIGMOID
                                  : OHM_CURVE_TANH;
}

/* tape.c */
/* batch images at most; for training also memory for gradients. analog may be NULL. */
enum ohm_status ohm_tape_create(struct ohm_tape **out, struct ohm_weights *w, const struct ohm_analog *analog,
                                int batch, bool training, int jobs, struct ohm_error *err);
void ohm_tape_free(struct ohm_tape *tape);
float *ohm_tape_input(const struct ohm_tape *tape);  /* [batch][h][w][c], to be filled */
float *ohm_tape_output(const struct ohm_tape *tape); /* [batch][classes] */

/* forward.c */
/* The weights have changed: packs them, with the noise of this step where there is some. */
void ohm_tape_pack(struct ohm_tape *tape);
/* n images of the input through the net. */
void ohm_tape_forward(struct ohm_tape *tape, int n);

/* backward.c */
/* From the gradient of the loss by the output, [n][classes], to tape->grad and range_grad. */
enum ohm_status ohm_tape_backward(struct ohm_tape *tape, const float *d_output, struct ohm_error *err);

/* analog.c */
enum ohm_status ohm_analog_plan(struct ohm_tape *tape, int layer, struct ohm_error *err);
void ohm_analog_pool(struct ohm_tape *tape, uint64_t epoch);
struct ohm_dac ohm_analog_dac(const struct ohm_tape *tape, int layer);
void ohm_analog_forward(struct ohm_tape *tape, int layer, float *y, const float *x);

/* analog_weights.c */
/* The weights of this step, with noise, in node->noisy and packed for the tiles. */
void ohm_analog_weights(struct ohm_tape *tape, int layer);
void ohm_analog_clip(struct ohm_weights *w, const struct ohm_analog *analog);

/* analog_range.c */
void ohm_analog_follow_range(struct ohm_tape *tape, int layer, const float *x);
/* dx, and the gradient of the layer's input range from it. */
void ohm_analog_backward_data(struct ohm_tape *tape, int layer, float *dx, const float *dy, const float *x);

/* optimize.c */
struct ohm_optimizer_state {
    float *first, *second; /* [count]: momentum; mean square (adamw) */
    size_t count;
    int64_t step;
};
double ohm_learning_rate(const struct ohm_recipe *r, double epoch); /* epoch with its fraction done */
void ohm_optimize(struct ohm_weights *w, const float *grad, struct ohm_optimizer_state *s, const struct ohm_recipe *r,
                  double lr);
void ohm_average(float *mean, const float *value, size_t n, double decay, int64_t step);

/* judge.c */
/* Judges with a tape that was made without training. */
enum ohm_status ohm_tape_judge(struct ohm_score_counts *score, struct ohm_tape *tape, const struct ohm_samples *samples,
                               struct ohm_error *err);
/* Fills the batch norms' running statistics anew from `batches` batches of training samples. */
enum ohm_status ohm_tape_reestimate(struct ohm_tape *tape, const struct ohm_samples *samples, int batches,
                                    struct ohm_error *err);

/* checkpoint.c */
struct ohm_run_state {
    struct ohm_optimizer_state opt;
    float *ema, *best; /* [w->count] each; whole vectors */
    int64_t epoch;     /* whole epochs done */
    int64_t step;
    struct ohm_train_result result;
    double best_accuracy;
    int64_t since_best;
};
enum ohm_status ohm_checkpoint_write(const char *path, const struct ohm_weights *w, const struct ohm_run_state *s,
                                     uint64_t fingerprint, struct ohm_error *err);
enum ohm_status ohm_checkpoint_read(const char *path, struct ohm_weights *w, struct ohm_run_state *s,
                                    uint64_t fingerprint, int64_t epochs, struct ohm_error *err);

#endif
