/* data_int.h - what the readers share: the samples in memory, where they come from, and how files become samples. */
#ifndef OHM_DATA_INT_H
#define OHM_DATA_INT_H

#include "ohm/data.h"
#include "ohm/mem.h"

/* Files of a data folder are read whole; a larger one is refused. 256 MiB holds every batch and the .npy of 10^5 small
 * pictures; larger .npy files are read all the same (OHM_NPY_FILE_MAX). */
#define OHM_DATA_FILE_MAX ((size_t)256 << 20)
#define OHM_NPY_FILE_MAX  ((size_t)16 << 30)

/* How a sample is kept. */
enum data_form { FORM_BYTES /* [h][w][c] */, FORM_WAVE /* int16[clip_samples] */, FORM_FLOATS /* [h][w][c] */ };

struct noise {
    int16_t *wave;
    size_t samples; /* > 0 */
    size_t usable;  /* for augmentation: less than all where the silence of val and test is cut from the rest */
};

struct ohm_data {
    const struct ohm_task_spec *task;
    enum data_form form;
    size_t item; /* bytes of one sample */
    int count;
    size_t bytes_cap, row_cap;
    unsigned char *bytes; /* [count][item] */
    struct sample_row {
        const char *name; /* in the arena */
        int label;
        uint64_t content;
        uint64_t group; /* samples of one group (speaker) stay together in cross-validation */
        unsigned char split, split_loaded;
    } * row;
    int *index; /* [2 count]: train, val, test, then trainval */
    int first[OHM_SPLITS], size[OHM_SPLITS];
    struct noise *noise;
    size_t noises, noise_cap;
    struct frontend_plan *plan; /* speech */
    float *feature;             /* speech: [count][h][w] without augmentation */
    bool synthetic;
    uint64_t hash;
    struct ohm_arena arena;
};

/* data.c */
/* Room for one more sample: its bytes, for the caller to fill before data_keep; NULL: no memory. */
void *data_slot(struct ohm_data *d);
/* Keeps what was put into the slot. false: no memory. */
bool data_keep(struct ohm_data *d, const char *name, int label, enum ohm_split split, uint64_t group);
size_t data_item_values(const struct ohm_data *d); /* h * w * c */
struct ohm_data *data_create(const struct ohm_task_spec *task, enum data_form form);
/* Rows in the order of their names, so that neither the folder's order nor an archive's shows. */
enum ohm_status data_sort(struct ohm_data *d, struct ohm_error *err);
/* The lists of the splits from the rows. */
enum ohm_status data_index(struct ohm_data *d, struct ohm_error *err);

/* source.c - a folder or an archive as named files. Names are "file" or "folder/file". */
struct source_visitor {
    void *context;
    /* Is this a folder of the data itself (a class), rather than the one that an archive packs everything in? */
    bool (*is_content)(void *context, const char *folder);
    bool (*wanted)(void *context, const char *name);
    /* A problem is noted in the diag of the context; another status than OHM_OK ends the walk. */
    enum ohm_status (*take)(void *context, const char *name, const unsigned char *bytes, size_t length);
    size_t limit; /* of a file */
};
/* OHM_ENOTFOUND, OHM_EDATA, OHM_EIO; a file that cannot be read is noted and passed over. */
enum ohm_status source_walk(const char *place, const struct source_visitor *v, struct ohm_diag *diag);
/* One file, owned by the caller; *bytes is NULL with OHM_OK when there is none of that name. */
enum ohm_status source_read(const char *place, const char *name, char **bytes, size_t *length, size_t limit,
                            struct ohm_diag *diag);

/* Decoders of one file in memory. `name` is for messages. All of them stand any bytes. */
/* wav.c: mono samples, at most max_samples (more is an error). samples is owned by the caller. */
enum ohm_status wav_decode(int16_t **wave, size_t *samples, const unsigned char *bytes, size_t length, const char *name,
                           int64_t rate_Hz, size_t max_samples, struct ohm_error *err);
/* picture.c: [h][w][c] of the file, c (1 or 3) as asked for; owned by the caller. */
enum ohm_status picture_decode(unsigned char **pixels, int *h, int *w, int c, const unsigned char *bytes, size_t length,
                               const char *name, struct ohm_error *err);
/* resize.c: bilinear with its triangle widened where the picture shrinks, as Pillow does. */
enum ohm_status picture_resize(unsigned char *out, int h_out, int w_out, const unsigned char *in, int h_in, int w_in,
                               int c, struct ohm_error *err);
/* npy.c */
struct npy {
    char kind; /* u i f */
    int bytes; /* of an item */
    int dims;
    size_t shape[8], items;
    const unsigned char *data; /* [items * bytes], points into what was parsed */
};
enum ohm_status npy_parse(struct npy *out, const unsigned char *bytes, size_t length, const char *name,
                          struct ohm_error *err);
double npy_value(const struct npy *a, size_t i);

/* split.c */
struct split_list {
    struct split_entry {
        const char *file;  /* points into text */
        const char *label; /* or NULL */
        int line;
        unsigned char split;
        bool seen;
    } * entry; /* [count], by file */
    int count;
    char *path;
    void *csv;
};
enum ohm_status split_list_parse(struct split_list *out, const char *bytes, size_t length, const char *path,
                                 struct ohm_error *err);
void split_list_release(struct split_list *list);
struct split_entry *split_list_find(const struct split_list *list, const char *file);
/* "0a1b" of "yes/0a1b_nohash_2.wav" and of "_unknown_/bed_0a1b_nohash_2.wav.wav"; false: not such a name. */
bool speaker_of(const char *name, const char **speaker, size_t *length);
enum ohm_split split_by_speaker(const char *speaker, size_t length);
enum ohm_split split_by_name(const char *name);
uint32_t sha1_tail(const void *bytes, size_t n); /* last 32 bits of SHA-1 */

/* The loaders, one a kind. Problems go to diag; they go on after a broken file. */
typedef enum ohm_status data_loader(struct ohm_data **out, const struct ohm_task_spec *task, const char *place,
                                    const struct ohm_data_options *options, struct ohm_diag *diag);
data_loader load_cifar10, load_folders, load_npy, load_synthetic;

/* frontend.c */
struct frontend_scratch;
struct frontend_plan *frontend_plan_create(const struct ohm_frontend *f, struct ohm_error *err);
void frontend_plan_free(struct frontend_plan *plan);
struct frontend_scratch *frontend_scratch_create(const struct frontend_plan *plan, struct ohm_error *err);
void frontend_scratch_free(struct frontend_scratch *scratch);
/* wave[clip_samples] in units of full scale or of 16-bit steps: peak_normalise takes either. */
void frontend_features(const struct frontend_plan *plan, struct frontend_scratch *scratch, float *feature,
                       const float *wave);
/* The wave of the front end: of 16-bit steps, divided by the largest where the task says so. */
void frontend_prepare(const struct ohm_frontend *f, float *wave, const int16_t *samples, int64_t shift);

/* features.c: the features of all waves, read from the cache where it has them, else made and kept there. */
enum ohm_status features_make(struct ohm_data *d, const char *cache, int jobs, struct ohm_error *err);

/* augment.c */
struct augment_scratch {
    float *picture; /* [h][w][c] */
    float *wave;    /* [clip_samples] */
    struct frontend_scratch *frontend;
};
void augment_picture(const struct ohm_task_spec *task, float *x, float *scratch, const struct ohm_rng *rng);
void augment_colour(const struct ohm_task_spec *task, float *x, const struct ohm_rng *rng);
void augment_wave(const struct ohm_data *d, float *wave, const int16_t *samples, const struct ohm_rng *rng);
void augment_features(const struct ohm_task_spec *task, float *x, const struct ohm_rng *rng);

#endif
