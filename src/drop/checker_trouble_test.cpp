// What the checker lets pass when answers get lost and merchants interfere, and beside each lenience the lie
// that it must not cover. How a tale is judged stands in checker_lenience_test.cpp.
#include "drop/test_tales.hpp"

namespace buyme::drop {
namespace {

using namespace tales;

// User 1 was told PAID (order 11, his attempt and order are the first); user 2 did not pay (the second).
const Tale lost_answers[] = {
    {"canceled_out_of_the_blue", payments, [](Market& m) { m.turns(1, "CANCELED"); }},
    {"cancel_lost", nullptr,
     [](Market& m) { m.clients.attempts[1].may_be_canceled = true, m.turns(1, "CANCELED"); }},
    {"cancel_lost_and_not_done", nullptr, [](Market& m) { m.clients.attempts[1].may_be_canceled = true; }},
    {"cancel_lost_of_a_paid_order", nullptr,
     [](Market& m) { m.clients.attempts[0].may_be_canceled = true, m.turns(0, "CANCELED"); }},
    {"cancel_lost_and_expired_early", payments,
     [](Market& m) { m.clients.attempts[1].may_be_canceled = true, m.turns(1, "EXPIRED"); }},
    {"cancel_lost_and_paid", payments,
     [](Market& m) { m.clients.attempts[1].may_be_canceled = true, m.turns(1, "PAID"); }},
    {"cancel_lost_and_unpaid_again", payments,
     [](Market& m) { m.clients.attempts[0].may_be_canceled = true, m.turns(0, "PENDING"); }},
    {"canceled", nullptr, [](Market& m) { m.clients.attempts[1].canceled = true, m.turns(1, "CANCELED"); }},
    {"canceled_but_pending", payments, [](Market& m) { m.clients.attempts[1].canceled = true; }},
    {"canceled_but_paid", payments, [](Market& m) { m.clients.attempts[0].canceled = true; }},
    {"canceled_but_expired", payments,
     [](Market& m) { m.clients.attempts[1].canceled = true, m.turns(1, "EXPIRED"); }},
    {"canceled_and_units_kept", books,
     [](Market& m) { m.clients.attempts[1].canceled = true, m.shop.orders[1].status = "CANCELED"; }},

    {"payment_lost_and_paid", nullptr,
     [](Market& m) { m.clients.attempts[1].may_be_paid = true, m.turns(1, "PAID"); }},
    {"payment_lost_and_under_way", nullptr,
     [](Market& m) { m.clients.attempts[1].may_be_paid = true, m.turns(1, "PAYMENT_ENTERED"); }},
    {"payment_lost_and_declined", nullptr,
     [](Market& m) { m.clients.attempts[1].may_be_paid = true, m.turns(1, "PAYMENT_FAILED"); }},
    {"payment_lost_and_nothing_done", nullptr, [](Market& m) { m.clients.attempts[1].may_be_paid = true; }},
    {"payment_lost_and_canceled", payments,
     [](Market& m) { m.clients.attempts[1].may_be_paid = true, m.turns(1, "CANCELED"); }},
    {"payment_lost_and_expired_early", payments,
     [](Market& m) { m.clients.attempts[1].may_be_paid = true, m.turns(1, "EXPIRED"); }},
    {"no_payment_and_under_way", payments, [](Market& m) { m.turns(1, "PAYMENT_ENTERED"); }},
    {"payment_told_and_failed", payments,
     [](Market& m) { m.clients.attempts[0].may_be_paid = true, m.turns(0, "PAYMENT_FAILED"); }},
    {"payment_declined_then_lost_and_paid", nullptr,
     [](Market& m) {
       m.clients.attempts[1].payment = PaymentSeen::declined;
       m.clients.attempts[1].may_be_paid = true;
       m.turns(1, "PAID");
     }},
    {"payment_refunded_for_another_that_was_lost", nullptr,
     [](Market& m) {
       m.clients.attempts[1].payment = PaymentSeen::refunded;
       m.clients.attempts[1].may_be_paid = true;
       m.turns(1, "PAID");
     }},
    {"payment_refunded_of_an_open_order", payments,
     [](Market& m) {
       m.clients.attempts[1].payment = PaymentSeen::refunded;
       m.clients.attempts[1].may_be_paid = true;
       m.turns(1, "PAYMENT_FAILED");
     }},
};

INSTANTIATE_TEST_SUITE_P(LostAnswers, CheckerTales, testing::ValuesIn(lost_answers), named());

const Tale merchants[] = {
    {"raised", nullptr, [](Market& m) { m.changes_terms(9); }},
    {"lowered", nullptr, [](Market& m) { m.changes_terms(3); }},
    {"raised_and_not_told", sum,
     [](Market& m) { m.shop.products[0].stock.total = 9, m.shop.products[0].stock.available = 6; }},
    {"raised_after_a_refusal", nullptr,
     [](Market& m) {
       m.asked(6, {{3, 1}}, Outcome::sold_out), m.changes_terms(9);
     }},
    {"raised_between_two_answers", nullptr,
     [](Market& m) {
       m.won(6, 16, {{3, 1}}).sold_out_answers = 1, m.changes_terms(9);
     }},
    {"lowered_below_what_is_sold", oversold, [](Market& m) { m.changes_terms(2); }},
    {"raised_and_sold_to_nobody", exactly,
     [](Market& m) {
       m.changes_terms(9);
       m.shop.products[0].stock.held += 3, m.shop.products[0].stock.available -= 3;
     }},
    {"raised_and_leaked", sum, [](Market& m) { m.changes_terms(9), --m.shop.products[0].stock.available; }},
    {"raised_and_miscounted", books,
     [](Market& m) { m.changes_terms(9), ++m.shop.products[0].stock.sold, --m.shop.products[0].stock.held; }},
    {"raised_and_sold_out_with_units_left", sold_out,
     [](Market& m) { m.changes_terms(9), m.shop.products[0].stock.sold_out = true; }},
    {"raised_and_a_ghost", unasked,
     [](Market& m) {
       m.changes_terms(9), m.exists(4, 18, {{3, 1}});
     }},
    {"paused", nullptr,
     [](Market& m) {
       m.refused(6, {{3, 1}}, "409 SALE_PAUSED"), m.changes_terms(4);
     }},
    {"closed", nullptr,
     [](Market& m) {
       m.refused(6, {{3, 1}, {5, 1}}, "SALE_CLOSED"), m.changes_terms(4);
     }},
    {"not_open", nullptr,
     [](Market& m) {
       m.refused(6, {{3, 1}}, "409 SALE_NOT_OPEN"), m.changes_terms(4);
     }},
    {"paused_by_nobody", answered,
     [](Market& m) {
       m.refused(6, {{3, 1}}, "409 SALE_PAUSED");
     }},
    {"paused_the_other", answered,
     [](Market& m) {
       m.refused(6, {{5, 1}}, "409 SALE_PAUSED"), m.changes_terms(4);
     }},
    {"paused_and_failed", answered,
     [](Market& m) {
       m.refused(6, {{3, 1}}, "500 INTERNAL"), m.changes_terms(4);
     }},
    {"limit_lowered", nullptr, [](Market& m) { m.shop.products[0].per_user_limit = 1, m.changes_terms(4); }},
    {"limit_not_lowered", limit, [](Market& m) { m.shop.products[0].per_user_limit = 1; }},
    {"limit_lowered_and_raised_again", nullptr,
     [](Market& m) {
       m.asked(6, {{3, 1}}, Outcome::limit_exceeded), m.changes_terms(4);
     }},
};

INSTANTIATE_TEST_SUITE_P(Merchants, CheckerTales, testing::ValuesIn(merchants), named());

}  // namespace
}  // namespace buyme::drop
