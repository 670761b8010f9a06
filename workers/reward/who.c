/*
 * How a command finds its account: by id, by a token, by an e-mail address or its hash, by a business
 * id (P05, P13, C46). Tokens, addresses and business ids are entities of their own, which forward.
 */
#include "base/email.h"
#include "workers/reward/inside.h"

struct text account_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "account", ((const struct command *)message)->account_id);
}

static struct text hash_of(const struct command *command, struct arena *arena)
{
    return command->email_hash.at ? command->email_hash
           : command->email.at    ? email_hash(arena, command->email)
                                  : (struct text){ NULL, 0 };
}

struct text who_entity(const void *message, struct arena *arena)
{
    const struct command *command = message;
    struct text hash = hash_of(command, arena);
    if (command->account_id.at) {
        return account_entity(message, arena);
    }
    if (command->token.at) {
        return entity_name(arena, "token", command->token);
    }
    if (hash.at) {
        return entity_name(arena, "email", hash);
    }
    return command->business_id.at ? entity_name(arena, "business", command->business_id)
                                   : TEXT("account:-"); /* who refuses a command without address */
}

static int hex_digit(char c)
{
    return c <= '9' ? c - '0' : c - 'A' + 10;
}

struct text account_id_of(struct decision *decision)
{
    static const uint32_t prefix = sizeof("account:") - 1;
    struct text entity = decision_entity(decision);
    char *id = arena_bytes(decision_arena(decision), entity.size);
    uint32_t size = 0;
    for (uint32_t i = prefix; i < entity.size; i++) {
        bool escaped = entity.at[i] == '%'; /* by entity_name(): two digits follow */
        id[size++] = escaped ? (char)(hex_digit(entity.at[i + 1]) * 16 + hex_digit(entity.at[i + 2]))
                             : entity.at[i];
        i += escaped ? 2 : 0;
    }
    return (struct text){ id, size };
}

static void forward_to(struct decision *decision, struct text account_id, struct text user_id)
{
    decision_forwarded_with(decision,
                            entity_name(decision_arena(decision), "account", account_id), user_id);
}

static void reject_unknown(struct decision *decision, const char *pointer, const char *what)
{
    decision_rejected(decision, "USER_NOT_FOUND", pointer,
                      "no user has this %s; put the user (user.put) with it first", what);
}

static const char *email_pointer(const struct command *command)
{
    return command->email.at ? "/email" : "/emailHash";
}

/* C46: an address beside the token must lead to the same user. */
static bool same_user(struct decision *decision, const struct token *token, struct text hash,
                      const char *pointer)
{
    const struct owner *owner =
        decision_look(decision, entity_name(decision_arena(decision), "email", hash));
    if (!owner || !owner->account_id.at) {
        reject_unknown(decision, pointer, "e-mail address");
        return false;
    }
    if (!text_equal(owner->account_id, token->account_id) ||
        !text_equal(owner->user_id, token->user_id)) {
        decision_rejected(decision, "USER_MISMATCH", pointer,
                          "the e-mail address and the token belong to different users");
        return false;
    }
    return true;
}

void who_by_token(struct decision *decision, const void *message)
{
    const struct command *command = message;
    const struct token *token = decision_state(decision);
    struct text hash = hash_of(command, decision_arena(decision));
    if (!token || token->active != 1) {
        decision_rejected(decision, "TOKEN_INVALID", "/token", "the token is %s",
                          token ? "switched off" : "not known; put it (token.put) first");
        return;
    }
    if (!hash.at || same_user(decision, token, hash, email_pointer(command))) {
        forward_to(decision, token->account_id, token->user_id);
    }
}

static void by_owner(struct decision *decision, const char *pointer, const char *what)
{
    const struct owner *owner = decision_state(decision);
    if (!owner || !owner->account_id.at) {
        reject_unknown(decision, pointer, what);
        return;
    }
    forward_to(decision, owner->account_id, owner->user_id);
}

void who_by_email(struct decision *decision, const void *message)
{
    const struct command *command = message;
    by_owner(decision, email_pointer(command), "e-mail address");
}

void who_by_business(struct decision *decision, const void *message)
{
    (void)message;
    by_owner(decision, "/businessId", "business id");
}

bool who_known(struct decision *decision, const struct command *command)
{
    if (command->account_id.at || decision_note(decision).at) {
        return true;
    }
    decision_rejected(decision, "IDENTIFIER_MISSING", "",
                      "expected one of accountId, token, email, emailHash, businessId");
    return false;
}

bool emails_agree(struct decision *decision, const struct command *command)
{
    if (!command->email.at || !command->email_hash.at ||
        text_equal(email_hash(decision_arena(decision), command->email), command->email_hash)) {
        return true;
    }
    decision_rejected(decision, "INVALID_FIELD", "/emailHash",
                      "is not the hash of the e-mail address beside it");
    return false;
}
