// The live stock of a product, told to one listener.
#pragma once

#include "http/event_stream.hpp"
#include "order/stock_board.hpp"

namespace buyme::order {

// Events carry the ledger's version as their id, so that a listener who comes back and has seen the newest is
// not told again. The board must outlive it. One thread.
class StockStream final : public http::EventStream {
 public:
  // `seen`: the version that the listener knows; 0: none.
  StockStream(const StockBoard& board, ProductId product, std::int64_t seen)
      : board_(board), product_(product), seen_(seen) {}

  void append_news(std::string& out) override;

 private:
  const StockBoard& board_;
  ProductId product_;
  std::int64_t seen_;
  bool greeted_ = false;
};

}  // namespace buyme::order
