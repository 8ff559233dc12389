/* picture.c - one JPEG (libjpeg) or PNG (libpng) in memory as bytes. */
#include "data_int.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <jpeglib.h>
#include <png.h>

/* 25 million pixels: more than any camera picture of the sets known, and 75 MB at most for any bytes. */
enum { SIDE_MAX = 20000, PIXELS_MAX = 25000000, SCANS_MAX = 100 };

#define fail(...) ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, name, 0, 0, __VA_ARGS__)

static enum ohm_status make_room(unsigned char **pixels, size_t h, size_t w, int c, const char *name,
                                 struct ohm_error *err)
{
    if (h == 0 || w == 0 || h > SIDE_MAX || w > SIDE_MAX || h * w > PIXELS_MAX)
        return fail("the picture is %zu x %zu; at most %d pixels in all and %d a side", h, w, PIXELS_MAX, SIDE_MAX);
    if (!(*pixels = ohm_alloc(h * w, (size_t)c)))
        return ohm_fail_at(err, OHM_ENOMEM, OHM_ORIGIN, name, 0, 0, "no memory for the picture");
    return OHM_OK;
}

static enum ohm_status decode_png(unsigned char **pixels, int *h, int *w, int c, const unsigned char *bytes,
                                  size_t length, const char *name, struct ohm_error *err)
{
    const png_color black = {0, 0, 0};
    png_image image;
    enum ohm_status st;

    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(&image, bytes, length))
        return fail("the PNG picture is damaged: %.64s", image.message);
    image.format = c == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    if ((st = make_room(pixels, image.height, image.width, c, name, err)) == OHM_OK) {
        *h = (int)image.height;
        *w = (int)image.width;
        if (!png_image_finish_read(&image, &black, *pixels, 0, NULL))
            st = fail("the PNG picture is damaged: %.64s", image.message);
    }
    png_image_free(&image);
    return st;
}

struct jpeg {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr manager;
    struct jpeg_progress_mgr progress;
    jmp_buf out;
    char message[JMSG_LENGTH_MAX];
};

static void jpeg_leave(j_common_ptr info)
{
    struct jpeg *const j = info->client_data;

    info->err->format_message(info, j->message);
    longjmp(j->out, 1);
}

/* A warning is damage: libjpeg would fill a cut picture with grey. Level 0 and above are notes. */
static void jpeg_note(j_common_ptr info, int level)
{
    if (level < 0)
        jpeg_leave(info);
}

/* A few bytes can ask for any number of passes over a large progressive picture. */
static void jpeg_watch(j_common_ptr info)
{
    struct jpeg *const j = info->client_data;

    if (j->info.input_scan_number <= SCANS_MAX)
        return;
    snprintf(j->message, sizeof j->message, "it has more than %d passes", SCANS_MAX);
    longjmp(j->out, 1);
}

/* Everything between setjmp and a longjmp into it lives in *j and *pixels, not in registers. */
static enum ohm_status decode_lines(struct jpeg *j, unsigned char **pixels, int c, const unsigned char *bytes,
                                    size_t length, const char *name, struct ohm_error *err)
{
    enum ohm_status st;

    if (setjmp(j->out))
        return fail("the JPEG picture is damaged: %.150s", j->message);
    jpeg_create_decompress(&j->info);
    j->progress.progress_monitor = jpeg_watch;
    j->info.progress = &j->progress;
    jpeg_mem_src(&j->info, bytes, (unsigned long)length);
    jpeg_read_header(&j->info, TRUE);
    j->info.out_color_space = c == 1 ? JCS_GRAYSCALE : JCS_RGB;
    j->info.mem->max_memory_to_use = 256 << 20;
    if ((st = make_room(pixels, j->info.image_height, j->info.image_width, c, name, err)) != OHM_OK)
        return st;
    jpeg_start_decompress(&j->info);
    while (j->info.output_scanline < j->info.output_height) {
        JSAMPROW line = *pixels + (size_t)j->info.output_scanline * j->info.output_width * (size_t)c;

        jpeg_read_scanlines(&j->info, &line, 1);
    }
    jpeg_finish_decompress(&j->info);
    return OHM_OK;
}

static enum ohm_status decode_jpeg(unsigned char **pixels, int *h, int *w, int c, const unsigned char *bytes,
                                   size_t length, const char *name, struct ohm_error *err)
{
    struct jpeg *const j = ohm_alloc(1, sizeof *j);
    enum ohm_status st;

    if (!j)
        return ohm_fail_at(err, OHM_ENOMEM, OHM_ORIGIN, name, 0, 0, "no memory for the picture");
    j->info.err = jpeg_std_error(&j->manager);
    j->manager.error_exit = jpeg_leave;
    j->manager.emit_message = jpeg_note;
    j->info.client_data = j;
    st = decode_lines(j, pixels, c, bytes, length, name, err);
    *h = (int)j->info.image_height;
    *w = (int)j->info.image_width;
    jpeg_destroy_decompress(&j->info);
    ohm_free(j);
    return st;
}

enum ohm_status picture_decode(unsigned char **pixels, int *h, int *w, int c, const unsigned char *bytes, size_t length,
                               const char *name, struct ohm_error *err)
{
    static const unsigned char png[] = {0x89, 'P', 'N', 'G'}, jpeg[] = {0xff, 0xd8, 0xff};
    enum ohm_status st;

    *pixels = NULL;
    if (length >= sizeof png && memcmp(bytes, png, sizeof png) == 0)
        st = decode_png(pixels, h, w, c, bytes, length, name, err);
    else if (length >= sizeof jpeg && memcmp(bytes, jpeg, sizeof jpeg) == 0)
        st = decode_jpeg(pixels, h, w, c, bytes, length, name, err);
    else
        st = fail("this is no picture: neither JPEG nor PNG");
    if (st != OHM_OK) {
        ohm_free(*pixels);
        *pixels = NULL;
    }
    return st;
}
