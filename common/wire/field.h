/*
 * Field tables: one table per message, state or part of one drives decoding from JSON, encoding to
 * JSON, the compact form in which states are kept, defaults, bounds and the text of errors.
 *
 * Beside each table stands a C struct; a field names its offset there. How a kind lies in C, and
 * what says "absent" (JSON null or no such member):
 *
 *   kind                                   C type            absent
 *   ID OID TEXT CURRENCY UNIT EMAIL DEC
 *   DURATION HEX BATCH_ID COUNTRY          struct text       at == NULL
 *   INT TIME TIME_OR_MS RATE               int64_t           FIELD_ABSENT
 *   MONEY MONEY_SIGNED                     struct decimal    scale < 0
 *   BOOL                                   int32_t           -1 (else 0, 1)
 *   ENUM                                   int32_t           0 (else 1 + index in `names`)
 *   OBJECT                                 pointer           NULL
 *   LIST MAP                               struct list       items == NULL
 *
 * A LIST holds structs of `shape` one after the other, or of `element` (TEXT, ID, EMAIL, INT, ENUM)
 * with sub NULL. A MAP is an object whose member names are the producer's own: struct named_text each.
 * Two rows of one name, one after the other, are alternatives ("all", or a list): each takes what fits
 * and notes the rest by its code; the rule looks whether one did.
 *
 * A zeroed struct is not "all absent": shape_init() sets that.
 */
#ifndef MAKEGOOD_WIRE_FIELD_H
#define MAKEGOOD_WIRE_FIELD_H

#include "base/arena.h"
#include "base/money.h"
#include "base/text.h"
#include "base/time.h"
#include "wire/json.h"
#include "wire/json_write.h"

#define FIELD_ABSENT INT64_MIN

enum field_kind {
    FIELD_ID = 1,
    FIELD_OID,
    FIELD_TEXT,     /* 1..max bytes */
    FIELD_CURRENCY, /* form only; is it in ISO 4217: currency_exponent() */
    FIELD_UNIT,
    FIELD_EMAIL,
    FIELD_DEC,      /* kept as written */
    FIELD_DURATION, /* kept as written, form checked */
    FIELD_HEX,      /* exactly `max` lower-case hex digits */
    FIELD_BATCH_ID, /* 8..55 bytes of A-Z a-z 0-9 . _ - */
    FIELD_COUNTRY,  /* two ASCII letters */
    FIELD_INT,      /* min..max */
    FIELD_TIME,
    FIELD_TIME_OR_MS,
    FIELD_RATE,
    FIELD_MONEY,
    FIELD_MONEY_SIGNED,
    FIELD_BOOL,
    FIELD_ENUM,
    FIELD_OBJECT,
    FIELD_LIST,     /* min..max elements */
    FIELD_MAP       /* at most max members, name and value of 1..element_max bytes, no null */
};

struct list {
    void *items;
    uint32_t count;
};

struct named_text {
    struct text name, value;
};

struct shape;

struct field {
    const char *name;
    enum field_kind kind;
    uint32_t offset;
    bool required;
    int64_t min, max;          /* INT: bounds; TEXT, HEX: max bytes; LIST, MAP: elements            */
    const char *standard;      /* default as JSON ("\"UTC\"", "0", "[\"NEW\"]"); NULL = absent     */
    const char *const *names;  /* ENUM, LIST of ENUM: NULL-terminated                               */
    const struct shape *shape; /* OBJECT; LIST of structs                                           */
    enum field_kind element;   /* LIST of scalars: ID, TEXT, EMAIL, INT, ENUM                       */
    int64_t element_max;       /* LIST of TEXT, MAP: bytes of one                                   */
    bool (*form)(struct text); /* TEXT of a form of its own, which `form_words` tells; NULL: any    */
    const char *form_words;
    const char *code;          /* name→CODE: a fault is a rejection with it, see shape.faults_offset */
};

enum { SHAPE_NO_FAULTS = UINT32_MAX, SHAPE_FIELDS_MAX = 64 };

struct shape {
    const char *name;
    const struct field *fields;
    uint32_t count;
    uint32_t size; /* of the C struct */
    /* Where the struct keeps a uint64_t whose bit i says that field i, which has a code, is faulty
     * (absent where required, wrong type, bad form); its value is then absent. */
    uint32_t faults_offset;
};

struct field_fault {
    char pointer[256];  /* JSON pointer below the root given to shape_decode                       */
    char expected[320]; /* "expected an integer 0..1000000, got -1"                                */
};

/* Everything absent. */
void shape_init(const struct shape *shape, void *out);

/* Decodes the object at `token` into *out (shape->size bytes), filling defaults. Texts borrow the
 * JSON bytes or lie in the arena. Unknown members are ignored. False and *fault at the first field,
 * in table order, that breaks its row and has no code. `pointer` is the prefix for *fault ("/data"). */
bool shape_decode(const struct shape *shape, const struct json *json, uint32_t token,
                  struct arena *arena, const char *pointer, void *out, struct field_fault *fault);

/* Writes the members that are not absent, in table order, into the object that is open. */
void shape_encode(const struct shape *shape, const void *value, struct json_writer *writer);

/* The compact form of states: [tag = index + 1, value]... 0. Absent fields take no byte; a tag that
 * the table does not know makes shape_unpack() false. So a table for stored states only ever gains
 * fields at its end; anything else is a new body version. */
struct text shape_pack(const struct shape *shape, const void *value, struct arena *arena);
bool shape_unpack(const struct shape *shape, struct text packed, struct arena *arena, void *out);

/* Field by name, NULL if there is none. */
const struct field *shape_field(const struct shape *shape, const char *name);

/* Same values, field by field. */
bool shape_equal(const struct shape *shape, const void *a, const void *b);

/* The name of an ENUM's value. value 1.. */
#define FIELD_NAME(names, value) ((names)[(value) - 1])

#endif
