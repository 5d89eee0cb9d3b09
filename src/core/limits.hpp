// Every limit in one place. A limit that is not here does not exist; what must hold between them is asserted.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace buyme::limits {

using namespace std::chrono_literals;

// HTTP
inline constexpr std::size_t max_header_bytes = 8 * 1024;
inline constexpr std::size_t max_body_bytes = 64 * 1024;
inline constexpr std::size_t max_target_bytes = 2 * 1024;
inline constexpr std::size_t max_connections = 12'000;      // per process, over all I/O threads
inline constexpr std::size_t kept_buffer_bytes = 4 * 1024;  // what an idle connection may keep allocated
inline constexpr auto header_timeout = 10s;                 // first byte of a request to end of its header
inline constexpr auto body_timeout = 20s;                   // end of header to end of body
inline constexpr auto idle_timeout = 120s;                  // keep-alive connection without a request
inline constexpr auto write_timeout = 20s;                  // a response that the peer does not read
inline constexpr auto linger_timeout = 2s;                  // refused: until the sender has read why
inline constexpr auto sweep_pause = 1s;                     // between two looks at connections' deadlines
inline constexpr std::size_t pipeline_burst = 16;           // requests answered before others have their turn
inline constexpr int listen_backlog = 4'096;
inline constexpr auto shutdown_deadline = 10s;
inline constexpr auto slow_request = 1s;                // longer ones are logged
inline constexpr int access_lines = 20;                 // of slow or failed requests, per thread and second
inline constexpr std::int64_t account_rate = 50;        // changing requests of an account a second, ...
inline constexpr std::int64_t account_burst = 500;      // ... and at once
inline constexpr std::int64_t address_rate = 2'000;     // of one address: a campus shares one
inline constexpr std::int64_t address_burst = 20'000;
inline constexpr auto preflight_lifetime = 600s;        // what a browser may remember of one
inline constexpr std::size_t max_pages_bytes = 16 * 1024 * 1024;  // of all files for browsers, kept in memory

// Operation
inline constexpr auto readiness_lifetime = 1s;        // a look at the databases is good for this long, ...
inline constexpr auto readiness_patience = 1s;        // ... and they have this long to answer
inline constexpr auto readiness_pause = 2s;           // not ready for so long after a round that failed
inline constexpr std::size_t audit_queue = 4;         // audits that wait for one under way
inline constexpr auto audit_answer_timeout = 60s;     // of a database server, for one table
inline constexpr std::size_t metrics_products = 200;  // the newest; each is four lines

// Server-sent events
inline constexpr std::size_t max_streams = 5'000;           // listeners per process; past it: 503 OVERLOADED
inline constexpr std::size_t address_streams = 100;         // and of one address; past it: 429
inline constexpr auto stream_tick = 20ms;                   // a thread looks at some of its listeners, ...
inline constexpr auto stream_period = 100ms;                // ... and at each of them this often at most
inline constexpr std::size_t stream_burst = 100;            // listeners written to per tick and thread
inline constexpr auto stream_heartbeat = 15s;               // a comment when nothing else was sent
inline constexpr auto stream_patience = 10s;                // for a listener who does not read

// Calls between services
inline constexpr auto service_deadline = 6s;                // of a call, its repeats included
inline constexpr auto service_connect = 1s;                 // until an address has taken a connection
inline constexpr std::size_t service_in_flight = 1'024;     // calls per thread; past it: overloaded
inline constexpr std::size_t service_connections = 64;      // kept idle, per thread and address, ...
inline constexpr auto service_connection_idle = 60s;        // ... for this long
inline constexpr std::size_t service_tries = 3;             // of a call that may be repeated
inline constexpr auto service_pause = 50ms;                 // before an address is tried again; then doubled
inline constexpr int breaker_failures = 5;                  // in a row: it is left alone, ...
inline constexpr auto breaker_pause = 1s;                   // ... until one call tries it again
inline constexpr std::size_t service_answer_bytes = 4 * 1024 * 1024;
inline constexpr std::size_t min_credential_bytes = 16;     // of what services show each other
inline constexpr std::size_t max_credential_bytes = 256;
inline constexpr std::size_t stock_question = 500;          // products in one call; more are several
inline constexpr std::size_t service_list = 50'000;         // entries of an answer
inline constexpr std::size_t service_text_chars = 4'000;    // of one text in a call or an answer

// JSON
inline constexpr std::size_t max_json_depth = 8;
inline constexpr std::size_t max_idempotency_key_bytes = 128;
inline constexpr std::size_t max_return_reason_chars = 500;

// Orders
inline constexpr std::size_t max_order_lines = 20;  // distinct lines as sent, before merging
inline constexpr std::int64_t max_line_units = 1'000'000;
inline constexpr std::int64_t max_total_units = 1'000'000'000;
inline constexpr std::int64_t max_price = 1'000'000'000'000;  // 10^12 of the smallest unit
inline constexpr std::int64_t max_order_amount = 1'000'000'000'000'000;

// Order writer
inline constexpr std::size_t placement_queue = 16'384;  // commands waiting; past it: 503 OVERLOADED
inline constexpr std::size_t transition_queue = 16'384;
inline constexpr std::size_t max_round = 1'024;       // commands in one transaction
inline constexpr std::size_t transition_quota = 512;  // of a round, while placements wait
inline constexpr std::size_t answer_burst = 32;  // answers sent before an I/O thread looks for new requests
inline constexpr auto placement_deadline = 1'000ms;   // older before its round: 503 OVERLOADED
inline constexpr auto waiter_pause = 5ms;             // rounds that hold only waiters
inline constexpr auto settle_budget = 3s;             // re-deciding a failed round
inline constexpr auto settle_pause = 20ms;            // between two questions after the fate of a round
inline constexpr auto ledger_refresh = 250ms;         // shared database: older ledgers are read anew
inline constexpr auto ledger_freshness = 500ms;       // and nobody is refused from older ones
inline constexpr auto new_product_pause = 20ms;       // before the database is asked for an unknown one
inline constexpr auto claim_lease = 2s;               // a server's units in flight, unless it restates them
inline constexpr auto flag_retry = 100ms;             // loading a flag's marks again
inline constexpr std::int64_t order_id_block = 1'024;
inline constexpr std::size_t expiry_chunk = 500;
inline constexpr auto expiry_pause = 500ms;
inline constexpr std::size_t shipping_chunk = 500;  // orders that one transaction ships or delivers
inline constexpr auto shipping_pause = 30s;
inline constexpr std::size_t refund_chunk = 100;
inline constexpr auto refund_pause = 1s;
inline constexpr auto checkpoint_pause = 250ms;

// Pools
inline constexpr std::size_t hash_queue = 256;
inline constexpr std::size_t read_queue = 4'096;
inline constexpr std::size_t list_queue = 256;  // lists of everybody's orders or accounts, one at a time; ...
inline constexpr int list_rest = 3;             // ... then so many times as long is left to the buyers
inline constexpr std::size_t page_default = 20;
inline constexpr std::size_t page_max = 100;

// Accounts
inline constexpr std::size_t max_token_bytes = 1'024;
inline constexpr std::size_t max_user_name_chars = 100;
inline constexpr std::size_t max_email_bytes = 254;
inline constexpr std::size_t min_password_chars = 8;
inline constexpr std::size_t max_password_chars = 128;
inline constexpr std::size_t max_phone_bytes = 30;
inline constexpr std::size_t max_address_chars = 300;
inline constexpr int login_failures = 10;           // of one account at once; past it: 429
inline constexpr auto login_failure_window = 300s;  // in which all of them are forgiven, one by one
inline constexpr std::size_t login_failure_accounts = 10'000;
inline constexpr int address_login_failures = 500;  // of one address, which a campus shares
inline constexpr int address_sign_ups = 500;
inline constexpr auto address_sign_up_window = 3'600s;
inline constexpr std::size_t limited_addresses = 10'000;
inline constexpr std::size_t max_user_query_chars = 254;
inline constexpr std::size_t max_sessions = 100;          // of one account; past it the oldest ends
inline constexpr std::int64_t spent_tokens_kept = 1'000;  // of one session: one that comes again was stolen
inline constexpr auto refresh_grace = 120s;     // in which a spent refresh token gets the same answer again
inline constexpr auto denylist_pause = 60s;     // between two looks for entries that have expired
inline constexpr auto longest_access_token = 30 * 24h;  // that a setting allows
inline constexpr auto user_sweep_pause = 2s;
inline constexpr std::size_t user_sweep_chunk = 100;
inline constexpr auto ending_settles = 10s;     // until no order of an account that ended is under way
inline constexpr std::int64_t max_rehearsal_buyers = 1'000'000;
inline constexpr std::int64_t max_button_rehearsal = 10'000;  // buyers, and units, of one from the console
inline constexpr auto rehearsal_patience = 120s;              // then it is ended
inline constexpr auto rehearsal_token_lifetime = 24h;

// Payment
inline constexpr auto payment_sweep_pause = 2s;
inline constexpr auto payment_sweep_margin =
    2s;  // a live request is given this long before the sweeper steps in
inline constexpr std::size_t attention_rows = 100;       // of each kind that a person is shown
inline constexpr auto attention_age = 60s;               // what is open for longer does not go by itself
inline constexpr std::size_t payment_sweep_chunk = 100;  // attempts or refunds taken up at once
inline constexpr auto refund_backoff = 2s;               // after a refund that failed, doubled each time
inline constexpr auto refund_backoff_max = 300s;

// Catalogue
inline constexpr std::size_t max_cursor_chars = 2'000;
inline constexpr std::size_t max_product_name_chars = 200;
inline constexpr std::size_t max_product_description_chars = 4'000;
inline constexpr std::size_t max_url_chars = 2'000;
inline constexpr auto product_sweep_pause = 2s;
inline constexpr std::size_t product_sweep_chunk = 100;
inline constexpr std::size_t max_reason_chars = 200;        // of a stock adjustment
inline constexpr auto edit_wait = 2s;                       // for another edit of the product; past it: 503
inline constexpr auto edit_wait_pause = 5ms;                // between two looks
inline constexpr std::size_t max_if_match_bytes = 500;
inline constexpr std::size_t max_wishes = 200;              // of one user; past it: 409
inline constexpr std::size_t max_wish_note_chars = 500;
inline constexpr std::size_t max_import_rows = 500;         // and max_body_bytes, as every body
inline constexpr std::size_t csv_chunk_rows = 200;          // read at once
inline constexpr std::size_t csv_answer_bytes = 4 * 1024 * 1024;  // then the file is continued by a link

// Group commit of the payment files
inline constexpr std::size_t group_commit_queue = 16'384;  // jobs waiting; past it: 503 OVERLOADED
inline constexpr std::size_t group_commit_round = 256;     // jobs in one transaction

// A database server
inline constexpr auto database_connect_timeout = 1s;
inline constexpr auto database_answer_timeout = 3s;   // for one statement's answer; past it: outcome unknown
inline constexpr auto database_away = 200ms;          // after a failed connect nobody waits for another
inline constexpr auto database_lock_wait = 1s;        // for a row that another transaction holds
inline constexpr auto database_silence = 10s;         // a session that says nothing for so long is ended
inline constexpr auto database_rest = 2s;             // a connection that rested longer is tried first
inline constexpr auto database_migration_wait = 300s;  // for another server that migrates, or for a table
inline constexpr int contended_tries = 3;             // of a transaction that others' locks undid
inline constexpr auto contended_pause = 20ms;         // at most, before the next one
inline constexpr std::int64_t batches_kept = 256;     // of a writer's committed rounds
inline constexpr std::int64_t database_packet_bytes = 4 * 1024 * 1024;  // that the server must take

// Redis
inline constexpr auto redis_timeout = 200ms;            // of one command; a round of orders waits for it
inline constexpr auto redis_connect_timeout = 1'000ms;  // through sentinels, too
inline constexpr auto redis_backoff = 20ms;             // after a lost connection, doubled each time
inline constexpr auto redis_backoff_max = 1'000ms;
inline constexpr auto redis_ping = 1'000ms;             // of a subscription that hears nothing
inline constexpr auto redis_look_pause = 5ms;           // while somebody waits for a connection
inline constexpr std::size_t redis_in_flight = 4'096;   // commands without a reply; past it: overloaded
inline constexpr std::size_t redis_read_bytes = 16 * 1024;
inline constexpr auto gate_memory = 60s;                // what nobody restates for so long is forgotten
inline constexpr auto gate_settle_pause = 1ms;          // for the next round to say that the last one is over
inline constexpr std::size_t denylist_chunk = 500;      // denials in one message, and entries read at once
inline constexpr std::size_t denylist_untold = 50'000;  // denials that are kept to be told again
inline constexpr auto denylist_retry = 200ms;           // after Redis could not be told or read
inline constexpr auto lock_lease = 10s;                 // of a lock in Redis, renewed while it is held
inline constexpr auto lock_look_pause = 50ms;           // of who waits for one without a notice; jittered

// Databases behind a network, for the stores off the order path
inline constexpr int sql_tries = 3;                    // of a transaction that others were in the way of
inline constexpr auto sql_retry_pause = 20ms;          // before another try: times the tries, with jitter
inline constexpr auto sql_lock_wait = 2s;              // for another transaction's row
inline constexpr auto commit_settle_budget = 3s;       // to learn what became of a COMMIT without an answer
inline constexpr auto commit_settle_pause = 100ms;     // between two questions

// Jobs of which several servers run one
inline constexpr auto job_lease = 5s;                  // past it another server may take the job over
inline constexpr auto job_lease_renewal = 1'500ms;     // older leases are renewed before the next chunk

// The rehearsal
inline constexpr std::size_t drop_max_reply_bytes = 4 * 1024 * 1024;
inline constexpr std::size_t drop_read_bytes = 4 * 1024;
inline constexpr int drop_open_failures = 8;  // connections refused beforehand; past it the rest is not tried
inline constexpr int drop_payment_tries = 3;  // of one buyer whose card is declined
inline constexpr int drop_settle_tries = 10;  // readings of the books until two in a row agree
inline constexpr std::size_t drop_readers = 32;  // requests at once when the books are read back
inline constexpr auto drop_backoff = 100ms;      // after a lost connection, doubled each time
inline constexpr auto drop_backoff_max = 2s;

// The control socket, by which commands reach a running shop
inline constexpr std::size_t control_request_bytes = 1024 * 1024;
inline constexpr std::size_t control_answer_bytes = 64 * 1024 * 1024;
inline constexpr std::int64_t control_tokens = 50'000;                 // in one answer: about 15 MB
inline constexpr auto control_request_timeout = 10s;                   // connect to end of request
inline constexpr auto control_answer_timeout = 600s;                   // a backup of a large shop
inline constexpr auto control_connect_timeout = 5s;        // a shop that has just locked its directory

static_assert(max_round <= placement_queue);
static_assert(database_lock_wait * 2 < database_answer_timeout, "a lock that is not granted is told as such");
static_assert(database_answer_timeout <= settle_budget, "whose round is silent is not kept for longer");
static_assert(database_rest * 2 < database_silence);
static_assert(group_commit_round <= group_commit_queue);
static_assert(database_answer_timeout > sql_lock_wait, "a wait for a lock is no lost connection");
static_assert(job_lease_renewal * 3 < job_lease, "a renewal may fail twice");
static_assert(transition_quota < max_round, "placements must make progress while transitions pour in");
static_assert(new_product_pause < ledger_refresh);
static_assert(ledger_refresh * 2 <= ledger_freshness, "one refresh may fail before refusals stop");
static_assert(max_header_bytes > max_target_bytes);
static_assert(claim_lease > redis_timeout * 4 && gate_memory > claim_lease * 4);
static_assert(redis_timeout * 2 < placement_deadline, "a gate that hangs must leave a placement time");
static_assert(address_login_failures > int(hash_queue), "log-ins under way count until they succeed");
static_assert(rehearsal_token_lifetime <= longest_access_token);
static_assert(ending_settles > placement_deadline + settle_budget, "what was admitted is decided by then");
static_assert(service_deadline > placement_deadline + settle_budget, "who asks outwaits who answers");
static_assert(service_connect * 3 < service_deadline, "a dead machine must leave time for another");
static_assert(service_connection_idle < idle_timeout, "the server should not close first");
static_assert(max_credential_bytes * 2 < max_header_bytes);
static_assert(max_streams < max_connections, "listeners must leave room for buyers");
static_assert(max_connections >= 10'000, "ten thousand buyers at once is the job");

}  // namespace buyme::limits
