/* Zones of this machine by name, and names that lead elsewhere. */
#include "support/cmocka_all.h"

#include <stdio.h>

#include "io/zoneinfo.h"

static void names_are_found_and_kept(void **state)
{
    (void)state;
    struct zones *zones = zones_new();
    char given[] = "Europe/Berlin";
    const struct zone *berlin = zones_find(zones, text_of(given));
    assert_non_null(berlin);
    given[0] = 'x'; /* the name was borrowed */
    assert_ptr_equal(zones_find(zones, TEXT("Europe/Berlin")), berlin);
    assert_int_equal(zone_offset_ms(berlin, INT64_C(1594000000000)), 7200000); /* July 2020 */
    assert_int_equal(zone_offset_ms(berlin, INT64_C(1578000000000)), 3600000); /* January  */
    assert_int_equal(zone_offset_ms(zones_find(zones, TEXT("-05:30")), 0), -19800000);
    assert_int_equal(zone_offset_ms(zones_find(zones, TEXT("UTC")), 0), 0);
    assert_non_null(zones_find(zones, TEXT("Etc/GMT+5")));
    assert_non_null(zones_find(zones, TEXT("America/Argentina/Buenos_Aires")));
    zones_free(zones);
}

static void other_files_are_not(void **state)
{
    (void)state;
    static const char *const bad[] = { "",
                                       "Europe",
                                       "Europe/Nowhere",
                                       "../zoneinfo/UTC",
                                       "/etc/passwd",
                                       "zone.tab",
                                       "tzdata.zi",
                                       "Europe/Berlin ",
                                       "Europe//../Berlin",
                                       "Europe//Berlin",
                                       "UTC/",
                                       "right/UTC",
                                       "posix/UTC",
                                       "localtime",
                                       "posixrules",
                                       "leapseconds",
                                       "+25:00" };
    struct zones *zones = zones_new();
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (zones_find(zones, text_of(bad[i]))) {
            fail_msg("%s was found", bad[i]);
        }
    }
    assert_null(zones_find(zones, (struct text){ "UTC\0x", 5 }));
    zones_free(zones);
}

/* Else an event that names many zones would change the verdict on the next one. */
static void what_is_found_does_not_hang_on_what_was_asked_before(void **state)
{
    (void)state;
    struct zones *zones = zones_new();
    char name[16];
    size_t found = 0;
    for (int minutes = 0; minutes <= 840; minutes++) {
        for (int sign = 0; sign < 2; sign++) {
            snprintf(name, sizeof(name), "%c%02d:%02d", sign ? '-' : '+', minutes / 60,
                     minutes % 60);
            found += zones_find(zones, text_of(name)) != NULL;
        }
    }
    assert_int_equal(found, 2 * 841);
    assert_non_null(zones_find(zones, TEXT("Europe/Berlin")));
    zones_free(zones);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_and_kept),
        cmocka_unit_test(other_files_are_not),
        cmocka_unit_test(what_is_found_does_not_hang_on_what_was_asked_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
