/* What an order must be before it is placed: fields, amounts, e-mail addresses of attendees. */
#include "workers/order/inside.h"

static bool refuse(struct decision *decision, const char *code, struct text pointer,
                   const char *detail)
{
    decision_rejected(decision, code, pointer.at, "%s", detail);
    return false;
}

static struct text ticket_pointer(struct decision *decision, uint32_t i, const char *member)
{
    return arena_printf(decision_arena(decision), "/tickets/%u/%s", i, member);
}

/* --- INVALID_FIELD --- */

static bool check_fields(struct decision *decision, const struct place *place)
{
    const struct place_ticket *tickets = place->tickets.items;
    if (currency_exponent(place->currency) < 0) {
        return refuse(decision, "INVALID_FIELD", TEXT("/currency"),
                      "is not a currency of ISO 4217");
    }
    for (uint32_t i = 0; i < place->tickets.count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (text_equal(tickets[i].ticket_id, tickets[j].ticket_id)) {
                return refuse(decision, "INVALID_FIELD", ticket_pointer(decision, i, "ticketId"),
                              "the ticket id appears twice");
            }
        }
    }
    for (uint32_t i = 0; i < place->tickets.count; i++) {
        if (place->tax.scale >= 0 && tickets[i].tax.scale >= 0) {
            return refuse(decision, "INVALID_FIELD", TEXT("/tax"),
                          "stands on the order and on a ticket; send it at one level");
        }
        if (place->fee.scale >= 0 && tickets[i].fee.scale >= 0) {
            return refuse(decision, "INVALID_FIELD", TEXT("/fee"),
                          "stands on the order and on a ticket; send it at one level");
        }
    }
    return true;
}

/* --- INVALID_AMOUNT --- */

/* Minor units; what is absent is left as it is. */
static bool read_amount(struct decision *decision, const struct place *place,
                        struct decimal decimal, struct text pointer, int64_t *minor)
{
    return decimal.scale < 0 ||
           money_of_decimal(decimal, currency_exponent(place->currency), minor) ||
           refuse(decision, "INVALID_AMOUNT", pointer, "has more decimals than the currency");
}

static bool read_tickets(struct decision *decision, const struct place *place, struct price *price)
{
    const struct place_ticket *tickets = place->tickets.items;
    price->count = place->tickets.count;
    for (uint32_t i = 0; i < price->count; i++) {
        if (!read_amount(decision, place, tickets[i].price, ticket_pointer(decision, i, "price"),
                         &price->price[i]) ||
            !read_amount(decision, place, tickets[i].tax, ticket_pointer(decision, i, "tax"),
                         &price->tax[i]) ||
            !read_amount(decision, place, tickets[i].fee, ticket_pointer(decision, i, "fee"),
                         &price->fee[i])) {
            return false;
        }
    }
    return true;
}

static bool read_order(struct decision *decision, const struct place *place, struct price *price,
                       int64_t *control)
{
    return read_amount(decision, place, place->discount, TEXT("/discount"), &price->discount) &&
           read_amount(decision, place, place->tax, TEXT("/tax"), &price->order_tax) &&
           read_amount(decision, place, place->fee, TEXT("/fee"), &price->order_fee) &&
           read_amount(decision, place, place->sale_amount, TEXT("/saleAmount"), control) &&
           read_amount(decision, place, place->processing_fee, TEXT("/processingFee"),
                       &price->processing_fee);
}

bool place_total(struct decision *decision, const struct place *place, const struct price *given,
                 struct price *price)
{
    int exponent = currency_exponent(place->currency);
    *price = *given;
    if (!price_total(price)) {
        return refuse(decision, "INVALID_AMOUNT", TEXT("/discount"),
                      "is larger than what it is taken from");
    }
    if (!money_in_bounds(price->gross, exponent) || !money_in_bounds(price->sale, exponent)) {
        return refuse(decision, "INVALID_AMOUNT", TEXT("/tickets"),
                      "the sum has more than 12 digits before the point");
    }
    return price->processing_fee <= price->sale ||
           refuse(decision, "INVALID_AMOUNT", TEXT("/processingFee"),
                  "is larger than what the order costs");
}

bool place_read(struct decision *decision, const struct place *place, struct price *price,
                int64_t *control)
{
    struct price totals;
    *price = (struct price){ 0 };
    return check_fields(decision, place) && read_tickets(decision, place, price) &&
           read_order(decision, place, price, control) &&
           place_total(decision, place, price, &totals);
}

/* What can be said once everything is taken off. */
bool place_check_sale(struct decision *decision, const struct place *place,
                      const struct price *price, int64_t control)
{
    if (place->sale_amount.scale >= 0 && control != price->sale) {
        char sale[MONEY_TEXT_MAX];
        money_format(price->sale, currency_exponent(place->currency), sale);
        decision_rejected(decision, "INVALID_AMOUNT", "/saleAmount", "the order costs %s", sale);
        return false;
    }
    return place->payment_type != PAY_FREE || price->sale == 0 ||
           refuse(decision, "INVALID_AMOUNT", TEXT("/paymentType"),
                  "FREE, but there is something to pay");
}

/* --- e-mail addresses of attendees (O29, O37) --- */

static struct text hash_of(struct decision *decision, const struct place_ticket *ticket)
{
    const struct ticket as_ticket = { .attendee = ticket->attendee };
    return ticket_hash(&as_ticket, decision_arena(decision));
}

static bool check_unique(struct decision *decision, const struct place *place,
                         const struct text *hashes)
{
    for (uint32_t i = 0; i < place->tickets.count; i++) {
        const struct attendee *known = look_attendee(decision, place->event_id, hashes[i]);
        bool twice = known && known->tickets > 0;
        for (uint32_t j = 0; j < i && !twice; j++) {
            twice = hashes[i].at && text_equal(hashes[i], hashes[j]);
        }
        if (twice) {
            return refuse(decision, "DUPLICATE_EMAIL",
                          ticket_pointer(decision, i, "attendee/email"),
                          "the address has a ticket of this event already");
        }
    }
    return true;
}

bool place_check_emails(struct decision *decision, const struct place *place)
{
    struct text hashes[TICKETS_MAX];
    const struct place_ticket *tickets = place->tickets.items;
    for (uint32_t i = 0; i < place->tickets.count; i++) {
        hashes[i] = hash_of(decision, &tickets[i]);
    }
    if (look_event(decision, place->event_id)->restrict_duplicates == 1 &&
        !check_unique(decision, place, hashes)) {
        return false;
    }
    for (uint32_t i = 0; i < place->tickets.count; i++) {
        const struct attendee *known = look_attendee(decision, place->event_id, hashes[i]);
        if (known && known->email_blocked == 1) {
            return refuse(decision, "EMAIL_BLOCKED", ticket_pointer(decision, i, "attendee/email"),
                          "the address is blocked for this event; attendee.unblock lifts it");
        }
    }
    return true;
}
