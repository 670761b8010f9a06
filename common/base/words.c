/* Open addressing over hashes of the folded words. */
#define _GNU_SOURCE /* memmem */
#include "base/words.h"

#include "base/hash.h"

struct slot {
    uint64_t hash;
    struct text word; /* at == NULL: free */
};

struct words {
    uint32_t mask, count;
    struct slot *slots;
    struct text *all;
};

struct text words_fold(struct arena *arena, struct text text)
{
    char *bytes = arena_bytes(arena, text.size + 1);
    for (uint32_t i = 0; i < text.size; i++) {
        char c = text.at[i];
        bytes[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (struct text){ bytes, text.size };
}

static struct slot *slot_of(const struct words *words, uint64_t hash, struct text word)
{
    for (uint32_t i = (uint32_t)hash & words->mask;; i = (i + 1) & words->mask) {
        struct slot *slot = &words->slots[i];
        if (!slot->word.at || (slot->hash == hash && text_equal(slot->word, word))) {
            return slot;
        }
    }
}

const struct words *words_new(struct arena *arena, const struct text *texts, uint32_t count)
{
    struct words *words = arena_alloc(arena, sizeof(*words));
    uint32_t room = 4;
    while (room < count * 2) {
        room *= 2;
    }
    words->mask = room - 1;
    words->count = count;
    words->slots = arena_alloc(arena, room * sizeof(struct slot));
    words->all = arena_alloc(arena, count * sizeof(struct text));
    for (uint32_t i = 0; i < count; i++) {
        words->all[i] = words_fold(arena, texts[i]);
        uint64_t hash = hash64(words->all[i]);
        *slot_of(words, hash, words->all[i]) = (struct slot){ hash, words->all[i] };
    }
    return words;
}

bool words_have(const struct words *words, struct text folded)
{
    return slot_of(words, hash64(folded), folded)->word.at != NULL;
}

bool words_within(const struct words *words, struct text folded)
{
    for (uint32_t i = 0; i < words->count; i++) {
        if (words->all[i].size == 0 ||
            memmem(folded.at, folded.size, words->all[i].at, words->all[i].size)) {
            return true;
        }
    }
    return false;
}
