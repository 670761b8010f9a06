/* ISO 4217 list one (currencies and funds in force) by number of decimals. Without the codes for
 * metals, testing and "no currency", which have none. */
#include "base/money.h"

struct row {
    char code[4];
    int8_t exponent;
};

/* Both lists in the order of the codes: they are searched by halves. */
static const char two[] =
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD "
    "CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS "
    "GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD "
    "LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB "
    "PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
    "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW "
    "ZWG ";

static const struct row others[] = {
    { "BHD", 3 }, { "BIF", 0 }, { "CLF", 4 }, { "CLP", 0 }, { "DJF", 0 }, { "GNF", 0 },
    { "IQD", 3 }, { "ISK", 0 }, { "JOD", 3 }, { "JPY", 0 }, { "KMF", 0 }, { "KRW", 0 },
    { "KWD", 3 }, { "LYD", 3 }, { "OMR", 3 }, { "PYG", 0 }, { "RWF", 0 }, { "TND", 3 },
    { "UGX", 0 }, { "UYI", 0 }, { "UYW", 4 }, { "VND", 0 }, { "VUV", 0 }, { "XAF", 0 },
    { "XOF", 0 }, { "XPF", 0 },
};

static uint32_t code_number(const char *code)
{
    return (uint32_t)(unsigned char)code[0] << 16 | (uint32_t)(unsigned char)code[1] << 8 |
           (unsigned char)code[2];
}

/* Index of the row that begins with the code, -1 = none; `size` bytes a row. */
static int find(const char *rows, size_t size, size_t count, uint32_t wanted)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        uint32_t found = code_number(rows + middle * size);
        if (found == wanted) {
            return (int)middle;
        }
        low = found < wanted ? middle + 1 : low;
        high = found < wanted ? high : middle;
    }
    return -1;
}

int currency_exponent(struct text code)
{
    if (code.size != 3) {
        return -1;
    }
    uint32_t wanted = code_number(code.at);
    if (find(two, 4, sizeof(two) / 4, wanted) >= 0) {
        return 2;
    }
    int other = find(others[0].code, sizeof(*others), sizeof(others) / sizeof(*others), wanted);
    return other >= 0 ? others[other].exponent : -1;
}
