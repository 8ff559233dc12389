/* wire.c - bytes to messages. protobuf-c follows nested messages as deep as a file likes and asks for memory as it
 * goes, so the bytes are walked first, along the same description of the format, with limits on depth and number. */
#include "onnx_int.h"

#include "ohm/mem.h"

enum { DEPTH_MAX = 32, FIELDS_MAX = 4 << 20 };

struct walk {
    const uint8_t *first;
    size_t fields;
    const char *wrong; /* NULL: nothing so far */
    size_t place;
};

static bool wrong(struct walk *w, const uint8_t *at, const char *what)
{
    if (!w->wrong) {
        w->wrong = what;
        w->place = (size_t)(at - w->first);
    }
    return false;
}

static bool varint(struct walk *w, const uint8_t **p, const uint8_t *end, uint64_t *value)
{
    const uint8_t *const begin = *p;

    *value = 0;
    for (int shift = 0; shift < 64 && *p < end; shift += 7) {
        const uint8_t byte = *(*p)++;

        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return wrong(w, begin, "a number has no end");
}

static bool message(struct walk *w, const uint8_t *p, const uint8_t *end, const ProtobufCMessageDescriptor *type,
                    int depth);

/* A field with a length: text, numbers, or a message in the message. */
static bool with_length(struct walk *w, const uint8_t **p, const uint8_t *end, const ProtobufCFieldDescriptor *field,
                        int depth)
{
    const uint8_t *const begin = *p;
    uint64_t n;

    if (!varint(w, p, end, &n))
        return false;
    if (n > (uint64_t)(end - *p))
        return wrong(w, begin, "a field ends beyond what holds it");
    if (field && field->type == PROTOBUF_C_TYPE_MESSAGE && !message(w, *p, *p + n, field->descriptor, depth + 1))
        return false;
    *p += n;
    return true;
}

static bool message(struct walk *w, const uint8_t *p, const uint8_t *end, const ProtobufCMessageDescriptor *type,
                    int depth)
{
    if (depth > DEPTH_MAX)
        return wrong(w, p, "messages are nested too deep");
    while (p < end) {
        const uint8_t *const begin = p;
        uint64_t key, skipped;

        if (!varint(w, &p, end, &key))
            return false;
        if (key >> 3 == 0 || key >> 3 > (1 << 29) - 1 || ++w->fields > FIELDS_MAX)
            return wrong(w, begin,
                         w->fields > FIELDS_MAX ? "there are too many fields" : "a field has no legal number");
        switch (key & 7) {
        case 0:
            if (!varint(w, &p, end, &skipped))
                return false;
            break;
        case 1:
        case 5:
            if (end - p < ((key & 7) == 1 ? 8 : 4))
                return wrong(w, begin, "a number ends beyond what holds it");
            p += (key & 7) == 1 ? 8 : 4;
            break;
        case 2:
            if (!with_length(w, &p, end, protobuf_c_message_descriptor_get_field(type, (unsigned)(key >> 3)), depth))
                return false;
            break;
        default:
            return wrong(w, begin, "a field has no legal type");
        }
    }
    return true;
}

/* ---- memory ---- */

static void *give(void *failed, size_t size)
{
    void *block = ohm_alloc(1, size);

    if (!block)
        *(bool *)failed = true;
    return block;
}

static void take_back(void *failed, void *block)
{
    (void)failed;
    ohm_free(block);
}

enum ohm_status ohm_onnx_unpack(onnx_model **model, const char *bytes, size_t length, const char *path,
                                struct ohm_error *err)
{
    bool failed = false;
    ProtobufCAllocator memory = {.alloc = give, .free = take_back, .allocator_data = &failed};
    struct walk w = {.first = (const uint8_t *)bytes};

    if (!message(&w, w.first, w.first + length, &ohm_onnx__model_proto__descriptor, 0))
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0, "no ONNX file, or a damaged one: byte %zu: %s",
                           w.place, w.wrong);
    *model = ohm_onnx__model_proto__unpack(&memory, length, w.first);
    if (*model && (*model)->graph)
        return OHM_OK;
    if (failed)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    ohm_onnx_free(*model);
    *model = NULL;
    return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0,
                       "no ONNX file, or a damaged one: it holds no graph of a model");
}

void ohm_onnx_free(onnx_model *model)
{
    bool failed = false;
    ProtobufCAllocator memory = {.alloc = give, .free = take_back, .allocator_data = &failed};

    if (model)
        ohm_onnx__model_proto__free_unpacked(model, &memory);
}
