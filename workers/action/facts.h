/* What the rules of a contract ask about an action: texts in lower case, absent where unknown. */
#ifndef MAKEGOOD_WORKERS_ACTION_FACTS_H
#define MAKEGOOD_WORKERS_ACTION_FACTS_H

#include "base/text.h"

struct item_facts {
    struct text sku, category;
};

struct facts {
    struct text customer_status, customer_country, promo_code;
    struct text promo_code_given; /* as it was sent: patterns */
    int64_t t;
    struct item_facts *items;
    uint32_t item_count;
};

#endif
