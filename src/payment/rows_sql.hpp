// Rows of the payment database: shared by the store and the reads.
#pragma once

#include <soci/soci.h>

#include "db/sql.hpp"
#include "embedded/payment_schema.hpp"
#include "embedded/payment_schema_mysql.hpp"
#include "payment/store.hpp"

namespace buyme::payment {

inline constexpr db::Migration sqlite_steps[] = {{1, "payment", embedded::payment_schema}};
inline constexpr db::Migration mysql_steps[] = {{1, "payment", embedded::payment_schema_mysql}};
inline constexpr db::Schema schema{sqlite_steps, mysql_steps};

// As the schema's comments number them.
inline constexpr int settled_paid = 1, settled_failed = 2, settled_too_late = 3;

inline order::PaymentSettlement settlement_from(int value) {
  if (value == settled_paid) return order::PaymentSettlement::paid;
  if (value == settled_failed) return order::PaymentSettlement::failed;
  return order::PaymentSettlement::too_late;
}

// attempt_id, order_id, attempt_no, user_id, amount, state, whether it is open, settlement
struct AttemptRow {
  long long id = 0, order = 0, number = 0, user = 0, amount = 0;
  int state = 0, open = 0, settlement = 0;
  soci::indicator settled = soci::i_null;

  Attempt attempt() const {
    Attempt attempt{AttemptId{id}, OrderId{order}, number,
                    UserId{user},  amount,         static_cast<AttemptState>(state),
                    open != 0,     std::nullopt};
    if (settled == soci::i_ok) attempt.settlement = settlement_from(settlement);
    return attempt;
  }
};

}  // namespace buyme::payment
