/* order.place: an order is checked, priced and, when it names a promo code, granted by the code
 * first (O01-O05, O16-O18, O33-O37). */
#include "workers/order/inside.h"

/* --- the promo code --- */

static bool is_hidden(const struct order_event *event, struct text type_id)
{
    const struct ticket_type *type = event_ticket_type(event, type_id);
    return type && type->hidden == 1;
}

static bool check_hidden(struct decision *decision, const struct place *place)
{
    const struct order_event *event = look_event(decision, place->event_id);
    const struct place_ticket *tickets = place->tickets.items;
    for (uint32_t i = 0; i < place->tickets.count; i++) {
        if (is_hidden(event, tickets[i].type_id)) {
            struct text pointer =
                arena_printf(decision_arena(decision), "/tickets/%u/ticketTypeId", i);
            decision_rejected(decision, "PROMO_NOT_APPLICABLE", pointer.at,
                              "a hidden ticket type needs an access code that names it");
            return false;
        }
    }
    return true;
}

static struct list types_of(struct decision *decision, const struct place *place)
{
    const struct order_event *event = look_event(decision, place->event_id);
    const struct place_ticket *tickets = place->tickets.items;
    struct asked_type *types =
        arena_alloc(decision_arena(decision), place->tickets.count * sizeof(*types));
    uint32_t count = 0;
    for (uint32_t i = 0; i < place->tickets.count; i++) {
        uint32_t at = 0;
        while (at < count && !text_equal(types[at].type_id, tickets[i].type_id)) {
            at++;
        }
        if (at == count) {
            types[count++] =
                (struct asked_type){ tickets[i].type_id, 0, is_hidden(event, tickets[i].type_id) };
        }
        types[at].count++;
    }
    return (struct list){ types, count };
}

static void ask_promo(struct decision *decision, const struct place *place)
{
    struct arena *arena = decision_arena(decision);
    struct promo_ask ask = { .code = promo_code_upper(arena, place->promo_code),
                             .order_id = place->order_id,
                             .event_id = place->event_id,
                             .currency = place->currency,
                             .types = types_of(decision, place) };
    decision_asked(decision, "AWAITING_PROMO", "the promo code is asked for its uses",
                   entity_name(arena, "promo", ask.code), "internal.promo.use", &promo_ask_shape,
                   &ask);
}

/* How many tickets the code was granted for. */
static int64_t take_answer(const struct place *place, const struct promo_answer *answer,
                           struct price *price)
{
    const struct place_ticket *tickets = place->tickets.items;
    const struct text *eligible = answer->eligible.items;
    int64_t uses = 0;
    for (uint32_t i = 0; i < place->tickets.count; i++) {
        for (uint32_t j = 0; j < answer->eligible.count && !price->eligible[i]; j++) {
            price->eligible[i] = text_equal(tickets[i].type_id, eligible[j]);
        }
        uses += price->eligible[i];
    }
    price_promo(price, answer->type, answer->value, currency_exponent(place->currency));
    return uses;
}

/* --- the order --- */

static struct decimal money(const struct place *place, int64_t minor)
{
    return (struct decimal){ minor, currency_exponent(place->currency) };
}

static struct list make_tickets(struct decision *decision, const struct place *place,
                                const struct price *price, bool paid)
{
    const struct place_ticket *given = place->tickets.items;
    struct ticket *tickets = arena_alloc(decision_arena(decision), price->count * sizeof(*tickets));
    for (uint32_t i = 0; i < price->count; i++) {
        tickets[i] = (struct ticket){
            .ticket_id = given[i].ticket_id,
            .type_id = given[i].type_id,
            .name = given[i].name,
            .attendee = given[i].attendee,
            .status = paid ? TICKET_ACTIVE : TICKET_AWAITING_PAYMENT,
            .price = money(place, price->price[i]),
            .discount = money(place, price->off[i]),
            .tax = money(place, price->tax[i]),
            .fee = money(place, price->fee[i]),
            .amount_paid = money(place, price->paid[i]),
            .fee_share = money(place, price->fee_share[i]),
            .paid_for = paid,
            .uses_promo = price->eligible[i],
            .in_app = 0,
        };
    }
    return (struct list){ tickets, price->count };
}

static struct order make_order(struct decision *decision, const struct place *place,
                               struct price *price)
{
    bool paid = !pays_offline(place->payment_type) || price->sale == 0;
    struct text none = { NULL, 0 };
    price_fee_shares(price);
    return (struct order){
        .order_id = place->order_id,
        .event_id = place->event_id,
        .payment_type = place->payment_type,
        .paid = paid,
        .buyer = place->buyer,
        .locale = place->locale,
        .currency = place->currency,
        .order_date = decision_time(decision),
        .promo_code = place->promo_code.at
                          ? promo_code_upper(decision_arena(decision), place->promo_code)
                          : none,
        .sale_amount = money(place, price->sale),
        .processing_fee = money(place, price->processing_fee),
        .gateway_account_id = place->gateway_account_id,
        .charge_id = place->charge_id,
        .invoice_instructions = place->invoice_instructions,
        .tickets = make_tickets(decision, place, price, paid),
    };
}

static void announce(struct decision *decision, struct order *order)
{
    struct pick all = pick_status(order, 0);
    order_applied(decision, "order.placed", order, &all);
    for (uint32_t i = 0; i < order->tickets.count; i++) {
        attendee_tell(decision, order, &order_tickets(order)[i], 1);
    }
    if (order->paid) {
        order_completed(decision, order, &all);
    } else {
        mail_buyer(decision, order, MAIL_ORDER_CONFIRMATION_INVOICE, &all, NULL);
    }
    mail_team(decision, order);
    metrics_outcome(decision, order);
}

static void price_and_place(struct decision *decision, const struct place *place,
                            struct price *price, int64_t control)
{
    const struct promo_answer *answer = decision_answer(decision);
    struct price final;
    int64_t uses = answer ? take_answer(place, answer, price) : 0;
    if (!place_total(decision, place, price, &final) ||
        !place_check_sale(decision, place, &final, control)) {
        if (uses) {
            promo_send_release(decision,
                               promo_code_upper(decision_arena(decision), place->promo_code),
                               place->order_id, uses, true);
        }
        return;
    }
    struct order order = make_order(decision, place, &final);
    order_put(decision, &order);
    announce(decision, &order);
}

/* The code refused: by its own reason. */
static void refused(struct decision *decision, const struct promo_answer *answer)
{
    const char *code =
        text_is(answer->code, "PROMO_EXHAUSTED") ? "PROMO_EXHAUSTED" : "PROMO_NOT_APPLICABLE";
    decision_rejected(decision, code, "/promoCode", "%.*s", TEXT_ARGS(answer->detail));
}

void order_place(struct decision *decision, const void *message)
{
    const struct place *place = message;
    const struct promo_answer *answer = decision_answer(decision);
    struct price given;
    int64_t control = 0;
    if (decision_state(decision)) {
        decision_rejected(decision, "ORDER_EXISTS", "/orderId",
                          "an order of this id was placed already");
        return;
    }
    if (!place_read(decision, place, &given, &control)) {
        return;
    }
    if (answer && answer->code.at) {
        refused(decision, answer);
        return;
    }
    bool asks = place->promo_code.at != NULL && !answer;
    if (!answer &&
        (!place_check_emails(decision, place) || (!asks && !check_hidden(decision, place)))) {
        return;
    }
    if (asks) {
        ask_promo(decision, place);
        return;
    }
    price_and_place(decision, place, &given, control);
}
