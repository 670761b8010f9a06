/* The compact form of states: tags, varints (zigzag for numbers), texts with their length. Own code,
 * because a state must carry a versioned shape with the same table as the messages, in few bytes. */
#include "base/ensure.h"
#include "wire/field_inside.h"

/* --- writing --- */

struct packer {
    struct arena *arena;
    char *at;
    uint32_t size, room;
};

static void grow(struct packer *packer, uint32_t size)
{
    uint64_t room = ((uint64_t)packer->size + size) * 2;
    ENSURE(room <= UINT32_MAX);
    char *at = arena_bytes(packer->arena, room);
    if (packer->size) {
        memcpy(at, packer->at, packer->size);
    }
    packer->at = at;
    packer->room = (uint32_t)room;
}

/* Where `size` more bytes may be written. */
static inline char *reserve(struct packer *packer, uint32_t size)
{
    if (packer->room - packer->size < size) {
        grow(packer, size);
    }
    return packer->at + packer->size;
}

static void put_bytes(struct packer *packer, const char *bytes, uint32_t size)
{
    if (size) {
        memcpy(reserve(packer, size), bytes, size);
        packer->size += size;
    }
}

static void put_varint(struct packer *packer, uint64_t value)
{
    enum { VARINT_MAX = 10 };
    char *start = reserve(packer, VARINT_MAX), *at = start;
    for (; value >= 0x80; value >>= 7) {
        *at++ = (char)(value | 0x80);
    }
    *at++ = (char)value;
    packer->size += (uint32_t)(at - start);
}

static void put_number(struct packer *packer, int64_t value)
{
    put_varint(packer, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

static void put_text(struct packer *packer, struct text text)
{
    put_varint(packer, text.size);
    put_bytes(packer, text.at, text.size);
}

static void pack_object(struct packer *packer, const struct shape *shape, const void *value);

static void pack_list(struct packer *packer, const struct field *field, const struct list *list)
{
    size_t size = field_element_size(field);
    put_varint(packer, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        const char *at = (const char *)list->items + i * size;
        if (field->shape) {
            pack_object(packer, field->shape, at);
        } else if (field->element == FIELD_INT) {
            put_number(packer, *(const int64_t *)at);
        } else if (field->element == FIELD_ENUM) {
            put_varint(packer, (uint64_t)*(const int32_t *)at);
        } else {
            put_text(packer, *(const struct text *)at);
        }
    }
}

static void pack_map(struct packer *packer, const struct list *list)
{
    const struct named_text *members = list->items;
    put_varint(packer, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        put_text(packer, members[i].name);
        put_text(packer, members[i].value);
    }
}

static void pack_value(struct packer *packer, const struct field *field, const void *at)
{
    const struct decimal *decimal = at;
    switch (field->kind) {
    case FIELD_INT:
    case FIELD_TIME:
    case FIELD_TIME_OR_MS:
    case FIELD_RATE:
        put_number(packer, *(const int64_t *)at);
        return;
    case FIELD_MONEY:
    case FIELD_MONEY_SIGNED:
        put_number(packer, decimal->digits);
        put_varint(packer, (uint64_t)decimal->scale);
        return;
    case FIELD_BOOL:
    case FIELD_ENUM:
        put_varint(packer, (uint64_t)*(const int32_t *)at);
        return;
    case FIELD_OBJECT:
        pack_object(packer, field->shape, *(void *const *)at);
        return;
    case FIELD_LIST:
        pack_list(packer, field, at);
        return;
    case FIELD_MAP:
        pack_map(packer, at);
        return;
    default:
        put_text(packer, *(const struct text *)at);
    }
}

static void pack_object(struct packer *packer, const struct shape *shape, const void *value)
{
    for (uint32_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        if (!field_absent(field, value)) {
            put_varint(packer, i + 1);
            pack_value(packer, field, field_in(field, value));
        }
    }
    put_varint(packer, 0);
}

struct text shape_pack(const struct shape *shape, const void *value, struct arena *arena)
{
    struct packer packer = { .arena = arena, .room = 256 };
    packer.at = arena_bytes(arena, packer.room);
    pack_object(&packer, shape, value);
    struct text packed = { packer.at, packer.size };
    arena_trim(arena, packed);
    return packed;
}

/* --- reading: every length is checked against what is left --- */

struct unpacker {
    const char *at, *end;
    struct arena *arena;
};

static bool get_varint(struct unpacker *unpacker, uint64_t *out)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (unpacker->at == unpacker->end) {
            return false;
        }
        unsigned char c = (unsigned char)*unpacker->at++;
        value |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80) {
            *out = value;
            return shift < 63 || c < 2;
        }
    }
    return false;
}

static bool get_number(struct unpacker *unpacker, int64_t *out)
{
    uint64_t value;
    if (!get_varint(unpacker, &value)) {
        return false;
    }
    *out = (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
    return true;
}

static bool get_text(struct unpacker *unpacker, struct text *out)
{
    uint64_t size;
    if (!get_varint(unpacker, &size) || size > (uint64_t)(unpacker->end - unpacker->at)) {
        return false;
    }
    *out = (struct text){ unpacker->at, (uint32_t)size };
    unpacker->at += size;
    return true;
}

static bool unpack_object(struct unpacker *unpacker, const struct shape *shape, void *out);

static bool known_name(const struct field *field, uint64_t value)
{
    uint64_t count = 0;
    while (field->names[count]) {
        count++;
    }
    return value >= 1 && value <= count;
}

static bool get_name(struct unpacker *unpacker, const struct field *field, int32_t *out)
{
    uint64_t number;
    if (!get_varint(unpacker, &number) || !known_name(field, number)) {
        return false;
    }
    *out = (int32_t)number;
    return true;
}

static bool unpack_list(struct unpacker *unpacker, const struct field *field, struct list *out)
{
    uint64_t count;
    size_t size = field_element_size(field);
    /* Every element takes a byte at least, so a broken count cannot ask for much memory. */
    if (!get_varint(unpacker, &count) || count > (uint64_t)(unpacker->end - unpacker->at)) {
        return false;
    }
    *out = (struct list){ arena_alloc(unpacker->arena, count * size), (uint32_t)count };
    for (uint32_t i = 0; i < out->count; i++) {
        char *at = (char *)out->items + i * size;
        bool good = field->shape ? unpack_object(unpacker, field->shape, at)
                    : field->element == FIELD_INT  ? get_number(unpacker, (int64_t *)at)
                    : field->element == FIELD_ENUM ? get_name(unpacker, field, (int32_t *)at)
                                                   : get_text(unpacker, (struct text *)at);
        if (!good) {
            return false;
        }
    }
    return true;
}

static bool unpack_map(struct unpacker *unpacker, struct list *out)
{
    uint64_t count;
    if (!get_varint(unpacker, &count) || count > (uint64_t)(unpacker->end - unpacker->at)) {
        return false;
    }
    struct named_text *members = arena_alloc(unpacker->arena, count * sizeof(*members));
    *out = (struct list){ members, (uint32_t)count };
    for (uint32_t i = 0; i < out->count; i++) {
        if (!get_text(unpacker, &members[i].name) || !get_text(unpacker, &members[i].value)) {
            return false;
        }
    }
    return true;
}

static bool unpack_value(struct unpacker *unpacker, const struct field *field, void *at)
{
    uint64_t number;
    struct decimal *decimal = at;
    switch (field->kind) {
    case FIELD_INT:
    case FIELD_TIME:
    case FIELD_TIME_OR_MS:
    case FIELD_RATE:
        return get_number(unpacker, at);
    case FIELD_MONEY:
    case FIELD_MONEY_SIGNED:
        if (!get_number(unpacker, &decimal->digits) || !get_varint(unpacker, &number) ||
            number > 4) {
            return false;
        }
        decimal->scale = (int32_t)number;
        return true;
    case FIELD_BOOL:
        if (!get_varint(unpacker, &number) || number > 1) {
            return false;
        }
        *(int32_t *)at = (int32_t)number;
        return true;
    case FIELD_ENUM:
        return get_name(unpacker, field, at);
    case FIELD_OBJECT:
        *(void **)at = arena_alloc(unpacker->arena, field->shape->size);
        return unpack_object(unpacker, field->shape, *(void **)at);
    case FIELD_LIST:
        return unpack_list(unpacker, field, at);
    case FIELD_MAP:
        return unpack_map(unpacker, at);
    default:
        return get_text(unpacker, at);
    }
}

static bool unpack_object(struct unpacker *unpacker, const struct shape *shape, void *out)
{
    shape_init(shape, out);
    uint64_t tag, last = 0;
    for (;;) {
        if (!get_varint(unpacker, &tag)) {
            return false;
        }
        if (tag == 0) {
            return true;
        }
        if (tag <= last || tag > shape->count ||
            !unpack_value(unpacker, &shape->fields[tag - 1],
                          field_at(&shape->fields[tag - 1], out))) {
            return false;
        }
        last = tag;
    }
}

bool shape_unpack(const struct shape *shape, struct text packed, struct arena *arena, void *out)
{
    struct unpacker unpacker = { packed.at, packed.at + packed.size, arena };
    return unpack_object(&unpacker, shape, out) && unpacker.at == unpacker.end;
}
